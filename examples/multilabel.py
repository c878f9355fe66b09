"""Several sigmoid outputs under binary cross-entropy; weight decay leaves the biases out."""

from bpgen import *

x = input(3)
y = target(2)

W1, b1 = param(4, 3), param(4)
W2, b2 = param(2, 4), param(2)

a1 = sigmoid(W1 @ x + b1)
z2 = W2 @ a1 + b2
a2 = sigmoid(z2)

J = loss(-sum(y * log(a2) + (1 - y) * log(1 - a2)) + 0.05 * l2(W1, W2))
