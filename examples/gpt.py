"""Six blocks of causal attention over characters, the output tied to the input."""

from bpgen import *

characters, context, width, heads, depth = 96, 64, 64, 4, 6

x = input(context, below=characters)
y = label(characters, context)

E = param(characters, width, init=0.02)
P = param(context, width, init=0.02)
t, d = indices("t d")


def block(x):
    u = layer_norm(x)
    h = x + multi_head_attention(u, heads, causal=True, bias=False)
    m = layer_norm(h)
    a = gelu(dense(m, 4 * width), "tanh")
    return h + dense(a, width)


e = tensor(E[x[t], d] + P[t, d], t, d)
o = repeat(depth, block, e)
f = layer_norm(o)
z = f @ E.T
logp = log_softmax(z)

L = loss(-mean(logp[t, y[t]], t))
