"""Networks of shapes that no example has."""

from __future__ import annotations

from tests.conftest import written

NETS = {
    "a residual of the target": (
        "x = input(3); y = target(3); W = param(3, 3)\nr = W @ x - y\nL = loss(sum(r ** 2))"
    ),
    "the target in a nameless step": (
        "x = input(4, 3); w = param(3); y = target()\nL = loss((mean(x @ w) - y) ** 2)"
    ),
    "an axis averaged away": (
        "x = input(4, 3); w = param(3); V = param(3, 3)\nm = mean(x @ V, axis=0)\noutput(dot(w, m))"
    ),
    "the first axis of the input averaged away": (
        "x = input(4, 3); w = param(3)\nm = mean(x, axis=0)\noutput(dot(w, m))"
    ),
    "sums and means as outputs": (
        "x = input(3); s = input(); w = param(3)\noutput(sum(x), mean(x), s * sum(x), dot(w, x))"
    ),
    "a scalar input as the loss": "s = input()\nL = loss(s)",
    "a length known at run time": 'x = input("T"); w = param()\nL = loss(w * mean(x ** 2))',
    "a recurrence written out": (
        "x = input(4); W = param(4, 4); y = target(4)\nh = x\n"
        "for k in range(3):\n    h = h + tanh(W @ h)\nq = h * (W @ h)\n"
        "L = loss(half_squared_error(q, y))"
    ),
    "an autoencoder with tied weights": (
        "x = input(4); W = param(2, 4)\nh = tanh(W @ x)\nxhat = W.T @ h\n"
        "L = loss(half_squared_error(xhat, x) + sum(log(cosh(h))))"
    ),
    "focal loss and an entropy": (
        "x = input(4); W = param(3, 4); y = label(3)\np = softmax(W @ x)\n"
        "L = loss(-(1 - p[y]) ** 2 * log(p[y]) + sum(p * log(p)))"
    ),
    "a bilinear form": (
        'i, j, k = indices("i j k")\nx = input(3); y = input(2); W = param(4, 3, 2)\n'
        "s = tensor(sum(W[k, i, j] * x[i] * y[j], i, j), k)\noutput(s)"
    ),
    "two axes read along the same two indices": (
        'j, p = indices("j p", size=2)\nx, w = input(), param(4, 3)\n'
        "L = loss(sum((x * w[2 * j + p, j + p]) ** 2, j, p))"
    ),
    "captured indices": (
        'i, j = indices("i j")\n'
        "x = input(3); w, v = param(3), param(3)\n"
        "L = loss(sum(x[i]*w[i],i)*sum(v[i]*x[i],i)*sum(v[j],j))"
    ),
    "captured 2": (
        'i,j,k = indices("i j k")\n'
        "x = input(3); A, B = param(3,3), param(3,3)\n"
        "h = tensor(sum(A[i,k]*B[k,j],k)*sum(A[j,k]*x[k],k),i,j)\n"
        "output(h)"
    ),
    "captured 3": (
        'i,j = indices("i j")\n'
        "x = input(3); U, b = param(3,3), param(3,3)\n"
        "h = tensor(sum(sum(U[i,j]*x[j],j,i)-b[j,i]*x[i],i),j)\n"
        "output(h)"
    ),
    "centering": (
        'i,j = indices("i j")\n'
        "x = input(3); W = param(3,3)\n"
        "z = W @ x\n"
        "h = tensor(z[j]-sum(z[j],j)/3,j)\n"
        "output(h)"
    ),
    "bias sum": (
        'i,j = indices("i j")\n'
        "x = input(3); W = param(2,3); b = param(2)\n"
        "h = tensor(sum(W[i,j]*x[j],j)+sum(b[i],i),i)\n"
        "output(h)"
    ),
    "inner tensor": (
        'i,j = indices("i j")\n'
        "x = input(3); A, v = param(3,3), param(3)\n"
        "h = v * x\n"
        "L = loss(sum(v[j]*tensor(sum(A[i,j]*x[j],j),i)[j],j) + sum(h))"
    ),
    "broadcast along the batch": (
        "x = input(3); W = param(3); s = sum(x)\nL = loss(sum(tanh(W-s)))"
    ),
    "sqrt of the loss": (
        "x = input(3); w = param(3); y = target(3); h = w*x\nL = loss(sqrt(1 + sum((h-y)**2)))"
    ),
    "dice": (
        "x = input(3); W = param(3,3); y = target(3); a = sigmoid(W @ x)\n"
        "L = loss(1-2*sum(a*y)/(sum(a)+sum(y)))"
    ),
    "label into a bias": (
        "x = input(3); y = label(4); W = param(4,3); B = param(4); z = W @ x + B\n"
        "L = loss(-log(softmax(z)[y])+B[y]**2)"
    ),
    "label into a row": (
        'i = indices("i")\n'
        "x = input(3); y = label(4); M = param(4,3); W = param(3,3)\n"
        "z = W @ x\n"
        "L = loss(sum((z[i]-M[y,i])**2,i))"
    ),
    "label into a column": (
        'i = indices("i")\n'
        "x = input(3); y = label(4); M = param(3,4); W = param(3,3)\n"
        "z = W @ x\n"
        "L = loss(sum((z[i]-M[i,y])**2,i))"
    ),
    "two labels": (
        "x = input(3); y, q = label(4), label(4); W = param(4,3); M = param(4,4)\n"
        "z = W @ x\n"
        "L = loss(z[y] - z[q] + M[y,q]**2 + M[y,y]*z[q])"
    ),
    "irrational": (
        "x = input(3); y = label(4); W = param(4,3)\n"
        "p = softmax(W @ x)\n"
        "L = loss(-log(p[y])/log(2))"
    ),
    "mask sign": (
        "x = input(3); W = param(4,3); z = W @ x; y = target(4)\nL = loss(-sum(relu(z)*y))"
    ),
    "lse of two axes": ("x = input(2,4); w = param(2,4)\nz = w * x\nL = loss(log(sum(exp(z))))"),
    "late lse": (
        "x = input(3); W = param(4,3); z = W @ x\n"
        "S = sum(exp(z)); p = exp(z)/S; s = logsumexp(z)\n"
        "L = loss(sum(p**2)+s)"
    ),
    "idle index": (
        'i,j = indices("i j")\n'
        "x = input(3); w = param(4); h = sum(x)\n"
        "L = loss(sum(x[i]+sum(w[j],j),i) + h**2)"
    ),
    "constant gradient of an input": (
        "x, u = input(3), input(3); w = param(3); h = w*x\nL = loss(sum(h)**2+sum(u))"
    ),
    "constant gradient of a scalar": (
        "x = input(3); w = param(3); b = param(); h = w*x\nL = loss(sum(h)-b)"
    ),
    "view as output": (
        'i = indices("i")\n'
        "x = input(3,2); w = param(3)\n"
        "h = tensor(x[i,0],i)\n"
        "q = x.T\n"
        "output(h, q, h * w)"
    ),
    "transposed sum": (
        'i,j = indices("i j")\n'
        "x = input(3,2); w = param(3,2)\n"
        "h = tensor(x[i,j]+w[i,j],j,i)\n"
        "output(h)"
    ),
    "only value": ("x = input(); w = param(); h = w+x\nL = loss(h)"),
    "scalar first": (
        'k = indices("k")\nx = input(3); W = param(4)\nh = tensor(sum(x)-W[k],k)\noutput(h)'
    ),
    "shifted softmax": (
        "x = input(3); W = param(4,3); z = W @ x\n"
        "p = exp(z-1)/sum(exp(z-1))\n"
        "V = param(2,4)\n"
        "output(V @ p)"
    ),
    "log of products": (
        "x = input(3); W = param(4,3); z = W @ x\n"
        "p = softmax(z); a = sigmoid(z)\n"
        "L = loss(log(p[0]*p[1]) + log(p[2]/p[3]) + sum(log(a/(1-a))) + sum(log(a**2)) + sum(log(2*a)) + sum(log(sqrt(a))))"
    ),
    "two axes of one length": (
        'x = input("T", 3); y = target("T", "T")\nL = loss(sum(sqrt(1 + (x @ x.T - y) ** 2)))'
    ),
    "a step before, within a function": (
        't, i, j = indices("t i j")\n'
        'x = input("T", 3); U = param(3, 3)\n'
        'h = recurrent("T", 3)\n'
        "h[t, i] = x[t, i] + sin(sum(U[i, j] * h[t - 1, j], j))\n"
        "output(h)"
    ),
    "a function of a constant": "x = input(3)\nv = x + relu(x - x) + 2 * softplus(x - x)\noutput(v)",
    "causal and masked": (
        'x = input("T", 4); m = input("T"); u = input(2)\n'
        "v = attention(x, x, x, causal=True, mask=cos(m))\noutput(v, 2 * u)"
    ),
    "a length that is not cached": (
        'x = input(5, 2); u = input("T"); y = target()\n'
        "v = sum(u, axis=0)\n"
        "L = loss(binary_cross_entropy_with_logits(v, y) + sum(sin(x)))"
    ),
    "a state before the samples are counted": (
        "x = input(2); m, s = state(2), state(2); y = label(2)\n"
        "v = batch_norm(x, (m, cosh(s)))\noutput(v)\nL = loss(multiclass_hinge(v, y))"
    ),
    "axes of one entry": (
        'x = input("T"); y = input("T", 1, 3)\n'
        'output(reshape(x, "T", 1), reshape(y, 1, "T", 3), reshape(y, "T", 3), reshape(y, "T", 3, 1))'
    ),
    "a recurrence before blocks": (
        'x = input("T", 3)\nv = repeat(2, lambda b: b + tanh(dense(b, 3)), rnn(x, 3))\noutput(v)'
    ),
    "a length of blocks alone": (
        'u = input(); x = input("T", 4)\n'
        "v = repeat(1, lambda b: b + tanh(dense(b, 4)), x)\noutput(v, arsinh(u))"
    ),
    "windows that are added to": (
        "x = input(5, 7); y = target(3, 35)\n"
        "v = concat([tanh(x), x, 2 * tanh(x)])\n"
        "L = loss(squared_error(reverse(reshape(v, 3, 35), axis=1), y))"
    ),
    "windows that run backward": (
        'x = input(3, 7); u = input("T")\n'
        "output(sum(u) * flatten(transpose(reverse(x))), flatten(reverse(reverse(x), axis=1)),\n"
        "       flatten(reverse(x, axis=1)), sum(u) * flatten(transpose(reverse(x, axis=1))))"
    ),
    "the sum of a constant": (
        "x, u = input(1), input(1)\nL = loss(triplet(x, x, u, margin=3) + squared_error(u, u))"
    ),
    "one entry of a parameter": (
        "x = input(); P = param(1, 1)\n"
        "v = tanh(P)\nw = flatten(v)\noutput(w * tanh(x), positions(v) * tanh(x))"
    ),
    "a long sum in a product": (
        "x = input(2); w = param(2); y = target()\n"
        "v = w * x\nu = v * sigmoid(v)\n"
        "L = loss(contrastive(u / (1 + u ** 2), v, y))"
    ),
    "signs of what is subtracted": (
        'i = indices("i", size=3)\n'
        "x = input(4); y = target(8)\n"
        "u = sin(x)\nv = tensor(u[i + 1] - 2 * u[i], i)\n"
        "L = loss(half_squared_error(concat([v, part(u, 0, 2), 2 * v]), y))"
    ),
    "a reshape that is added to": (
        "x = input(3, 2); y, u = target(), target(3, 1)\nv = sin(x)\n"
        "L = loss(squared_error(mean(flatten(v)), y) + squared_error(max_pool1d(v, 2, stride=1), u))"
    ),
    "a logsumexp of logsumexps": (
        "x = input(2, 9); y = label(2)\nv = logsumexp(2 * x)\nL = loss(log(sum(exp(v))) - v[y])"
    ),
    "one over cosh": "x = input(3)\nv = x / cosh(x) ** 2 + sinh(x) / cosh(x)\noutput(v)",
    "logs of two exponentials": (
        "x = input(3); W = param(4,3); z = W @ x\n"
        "L = loss(sum(log(exp(z)+exp(-z))) + sum(log(2+exp(z))) + sum(log(1+2*exp(z))) + sum(log(cosh(z))))"
    ),
    "constants that floats stand for": (
        "x = input(3); y = target(2); W = param(2, 3)\nz = (W @ x) / 2 ** 0.5 + 1 / 3\n"
        "L = loss(binary_cross_entropy_with_logits(z, y) + 1 / 3 * l1(W))"
    ),
    "a value of one place that is evaluated in another spelling": (
        "x = input(2, 2, 'T'); W = param()\na = arctan(W * last(last(x)))\noutput(a)"
    ),
    "an outer product of one input with itself": (
        "i, j = indices('i j')\nx = input('T'); w = param()\n"
        "v = tensor(w*x[i]*cos(x[j]), i, j)\na = v @ x\noutput(a)"
    ),
    "a named part of the loss that comes to a number": (
        "x = input(below=3); y = target()\nv = embedding(x, 3, 1)\nu = reshape(v, 1)\n"
        "near = triplet(2*v, v, u, margin=3)\n"
        "L = loss(binary_cross_entropy(sigmoid(mean(v)), y) + near)"
    ),
    "repeated blocks whose readers cancel": (
        "x = input(3); y = target(); w = param(3)\n"
        "v = repeat(3, lambda b: b + tanh(dense(b, 3)), x)\nu = part(v, 2, 3, axis=-1)\n"
        "L = loss(contrastive(part(u, 0, 1, axis=0), u, y) + dot(w, x))"
    ),
    "repeated blocks whose readers cancel in their gradients": (
        "x = input(3); y = target()\nv = repeat(3, lambda b: b + tanh(dense(b, 3)), x)\n"
        "u = part(v, 2, 3, axis=-1)\nt = part(u, 0, 1, axis=0)\nd = contrastive(t, u, y)\n"
        "L = loss(d / 2)"
    ),
    "groups of channels that are flattened: one digit of an axis is a loop's": (
        "x = input(2, 2, 5); y = label(12)\n"
        "v = flatten(conv2d(x, 6, (2, 3), stride=2, groups=2, bias=False))\n"
        "L = loss(multiclass_hinge(v, y))"
    ),
    "one place of a pool, flattened: it is shorter than the window": (
        "x = input(2, 7, 4)\nv = flatten(max_pool2d(x, 3, stride=2))\noutput(v)"
    ),
}


def source(name: str) -> str:
    """The text of its net.py."""
    return f"from bpgen import *\n{NETS[name]}\n"


def module_text(name: str) -> str:
    """The text of its module."""
    return written(source(name))
