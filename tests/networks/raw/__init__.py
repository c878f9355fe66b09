"""Random index equations in no layer's form, and what must hold of every network of them.

`expression` draws formulas, `draw` the statements of a net.py, `examine` asks.
"""
