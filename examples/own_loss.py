"""A loss nobody named, in index notation: weighted outputs and a robust distance."""

from bpgen import *

i, j = indices("i j")

x = input(3)
y = target(2)
W, b = param(2, 3), param(2)
v = param(2, init="ones")

yhat = tensor(sum(W[i, j] * x[j], j) + b[i], i)

L = loss(sum(v[i] ** 2 * (sqrt(1 + (yhat[i] - y[i]) ** 2) - 1), i) + 0.1 * l1(W))
