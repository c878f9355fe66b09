"""A softmax in the middle of a network: its backward comes out as p * (g - sum(g p))."""

from bpgen import *

x = input(4)
y = target(2)
W, b = param(3, 4), param(3)
V = param(2, 3)

p = softmax(W @ x + b)
yhat = V @ p

L = loss(half_squared_error(yhat, y))
