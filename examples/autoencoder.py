"""An autoencoder: 64 pixels through 8 numbers and back, compared with themselves."""

from bpgen import *

x = input(64)

h = dense(x, 48, tanh)
code = dense(h, 8)
g = dense(code, 48, tanh)
xhat = dense(g, 64)

output(xhat, code)
L = loss(squared_error(xhat, x))
