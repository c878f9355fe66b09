"""Two weights in a chain and half the squared error: the smallest backpropagation there is."""

from bpgen import *

x = input()
y = target()
w1, w2 = param(), param()

a1 = w1 * x
yhat = w2 * a1

C = loss((yhat - y) ** 2 / 2)

example(x=2, y=30, w1=3, w2=4, lr=0.01)
