"""The networks of `benchmarks.speed` as a user of each other library would write them.

A file for each library. Its `step(name, params, given)` takes the parameters of bpgen's module and
a batch, float32, and returns what computes the loss and the gradients of all parameters once; where
the library has no word for a network, that is None.
"""
