"""Softmax regression with one-hot targets."""

from bpgen import *

x = input(3)
y = one_hot(4)
W, b = param(4, 3), param(4)

z = W @ x + b
p = softmax(z)

L = loss(-sum(y * log(p)))
