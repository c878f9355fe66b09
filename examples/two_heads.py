"""Two inputs, two outputs, two losses added: a class and a number from one hidden layer."""

from bpgen import *

left = input(3)
right = input(2)
kind = label(4)
amount = target(1)

U, V, c = param(5, 3), param(5, 2), param(5)
h = softplus(U @ left + V @ right + c)

A, d = param(4, 5), param(4)
p = softmax(A @ h + d)
B, e = param(1, 5), param(1)
q = B @ h + e

output(p, q)
L = loss(categorical_cross_entropy(p, kind) + 0.5 * mean_squared_error(q, amount))
