"""One matrix used twice: dL/dW is the sum over both of its uses."""

from bpgen import *

x = input(3)
y = target(3)
W, b = param(3, 3), param(3)

a1 = tanh(W @ x + b)
a2 = tanh(W @ a1 + b)

L = loss(half_squared_error(a2, y))
