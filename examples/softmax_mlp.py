"""A classifier in layers: two hidden layers, softmax, integer labels, weight decay."""

from bpgen import *

x = input(7)
y = label(5)

h = dense(x, 11, relu)
h = dense(h, 3, tanh)
p = softmax(dense(h, 5))

L = loss(categorical_cross_entropy(p, y) + 0.01 * l2())
