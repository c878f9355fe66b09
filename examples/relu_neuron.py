"""One neuron with a bias and a rectifier."""

from bpgen import *

x = input()
y = target()
w, b = param(), param()

z = w * x + b
a = relu(z)

L = loss((a - y) ** 2)

example(x=2, y=5, w=3, b=1)
