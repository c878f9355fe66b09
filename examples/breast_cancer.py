"""Logistic regression: one probability from thirty measurements, and a penalty on the weights."""

from bpgen import *

x = input(30)
y = target()
w, b = param(30), param(init="zeros")

p = sigmoid(dot(w, x) + b)

L = loss(-(y * log(p) + (1 - y) * log(1 - p)) + 0.01 * l2(w))
