"""A function, not a loss: a gated layer whose backward takes the upstream gradient."""

from bpgen import *

x = input(4)
W, b = param(3, 4), param(3)
U, c = param(3, 4), param(3)

g = sigmoid(U @ x + c)
h = g * tanh(W @ x + b)

output(h)
