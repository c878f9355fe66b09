"""Ridge regression: a line through ten measurements, and a penalty on its slopes."""

from bpgen import *

x = input(10)
y = target()
w, b = param(10), param(init="zeros")

yhat = dot(w, x) + b

L = loss((yhat - y) ** 2 + 0.01 * l2(w))
