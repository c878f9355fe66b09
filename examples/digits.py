"""Handwritten digits: one hidden layer, softmax, cross-entropy, a little weight decay."""

from bpgen import *

x = input(64)
y = label(10)

h = dense(x, 48, relu)
z = dense(h, 10)
p = softmax(z)

L = loss(categorical_cross_entropy(p, y) + 1e-4 * l2())
