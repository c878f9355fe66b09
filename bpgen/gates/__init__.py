"""The gates that nothing false passes: what is about to be written is run, or read, first.

`module` runs what `bpgen emit` would write, `page` reads what `bpgen derive` would print, `lesson`
what a lesson adds.
"""
