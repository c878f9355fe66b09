"""A small GPT over characters: six pre-norm blocks of causal attention, the output tied."""

from bpgen import *

characters, context, width, heads, depth = 96, 64, 64, 4, 6

x = input(context, below=characters)
y = label(characters, context)

E = param(characters, width, init=0.02)
P = param(context, width, init=0.02)
t, i, k, d = indices("t i k d")


def block(x):
    n = layer_norm(x)
    h = x + multi_head_attention(n, heads, causal=True)
    m = layer_norm(h)
    a = dense(m, 4 * width, gelu)
    return h + dense(a, width)


e = tensor(E[x[t], d] + P[t, d], t, d)
o = repeat(depth, block, e)
f = layer_norm(o)
z = tensor(sum(E[k, d] * f[t, d], d), t, k)
logp = log_softmax(z)
loss(-mean(logp[t, y[t]], t))
