"""One weight, no bias, no activation."""

from bpgen import *

x = input()
y = target()
w = param()

yhat = w * x

L = loss((y - yhat) ** 2)
