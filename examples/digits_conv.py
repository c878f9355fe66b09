"""Handwritten digits: two convolutions with a pooling between them, then one dense layer."""

from bpgen import *

x = input(1, 8, 8)
y = label(10)

h1 = relu(conv2d(x, 12, 3, padding=1))
m = max_pool2d(h1, 2)
h2 = relu(conv2d(m, 24, 3))
z = dense(flatten(h2), 10)

L = loss(categorical_cross_entropy_with_logits(z, y))
