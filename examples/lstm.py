"""An LSTM over characters: each is foretold from those before it."""

from bpgen import *

characters, width = 96, 128

x = input("T", below=characters)
y = label(characters, "T")
t = indices("t")

e = embedding(x, characters, 32)
h = lstm(e, width)
z = dense(h, characters)
logp = log_softmax(z)

L = loss(-mean(logp[t, y[t]], t))
