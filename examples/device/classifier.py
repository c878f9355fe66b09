"""A classifier that learns on a microcontroller: 16 numbers, 8 hidden units, 4 classes."""

from bpgen import *

x, y = input(16), label(4)
a1 = dense(x, 8, relu)
z = dense(a1, 4)
L = loss(categorical_cross_entropy_with_logits(z, y))
