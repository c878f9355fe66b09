"""One weight, no bias, no activation."""

from bpgen import *

x = input()
y = target()
w = param()

yhat = w * x

L = loss((y - yhat) ** 2)

example(x=2, y=4, w=0.5, lr=0.1)
