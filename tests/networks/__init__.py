"""Random networks, each in bpgen's words and in PyTorch's, and what must hold of every one.

`operations/` is the table of what a network is made of; `draw` makes graphs of them, `graph` writes
one as a net.py and computes it with PyTorch, `run` calls its module, `table` is filled with what is asked:
`properties` of what is computed, and of what is `written`.
"""
