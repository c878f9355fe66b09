"""How many of bpgen's lines and branches the tests reach: `python -m pytest --coverage`.

A tracer is called at each line, which more than doubles the time of tests that compute. Here each
module is compiled with marks in it instead (`marks`); `plugin` gathers them from all processes of a
run, and fails it where they are too few (`report`).
"""
