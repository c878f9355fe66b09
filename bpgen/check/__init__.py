"""Is what bpgen wrote true? Modules by numbers, exactly and with a self-test (`whole`), against
their equations before they are written (`agreement`); pages, read back (`page`); and lines of a
person's own (`claims`).

Who checks shares nothing with who writes. Nothing is imported here: what is asked for is, alone.
"""
