"""Two inputs, two hidden sigmoids, one sigmoid output, half the squared error."""

from bpgen import *

x = input(2)
y = target(1)
W1, b1 = param(2, 2), param(2)
W2, b2 = param(1, 2), param(1)

z1 = W1 @ x + b1
a1 = sigmoid(z1)
z2 = W2 @ a1 + b2
a2 = sigmoid(z2)

L = loss(sum((a2 - y) ** 2) / 2)

example(
    x=[0.5, 0.9],
    y=1,
    W1=[[0.15, 0.2], [0.25, 0.3]],
    b1=[0.35, 0.35],
    W2=[[0.4, 0.45]],
    b2=0.6,
    lr=0.5,
)
