"""Activations nobody named: their derivatives are found by algebra."""

from sympy import Symbol, sqrt

from bpgen import *

t = Symbol("t")
logistic = activation(1 / (1 + exp(-t)))
swish = activation(t / (1 + exp(-t)))
algebraic = activation(t / sqrt(1 + t**2))

x = input(3)
y = target(2)
W1, b1 = param(4, 3), param(4)
W2, b2 = param(5, 4), param(5)
W3, b3 = param(2, 5), param(2)

a1 = swish(W1 @ x + b1)
a2 = algebraic(W2 @ a1 + b2)
a3 = logistic(W3 @ a2 + b3)

L = loss(squared_error(a3, y))
