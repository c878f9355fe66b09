"""Recurrences over the first axis, of any length: what a step computes, from its input and from the
step before.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bpgen.declare.activations import sigmoid
from bpgen.declare.formula import Formula, reduce
from bpgen.declare.functions import tanh
from bpgen.declare.given import whole_number
from bpgen.declare.layers.parts import Layer, along, known_size, tensor_of_rank
from bpgen.declare.layers.shaping import concat, reverse
from bpgen.declare.symbolic import said
from bpgen.declare.tensor import Tensor
from bpgen.declare.words import recurrent
from bpgen.errors import NetError
from bpgen.ir import Index


class _Cell(Layer):
    """A recurrence of `gates` times `width` sums over the input and the state before."""

    def __init__(self, word: str, x: Tensor, width: int, gates: int, bias: bool) -> None:
        self.x = tensor_of_rank(x, word, "steps, width")
        self.width, self.rows = whole_number(width, word), gates * whole_number(width, word)
        self.inputs = known_size(x.shape[1], x, word)
        super().__init__(word)
        self.t, self.k, self.i = along((x.shape[0], self.rows, self.width), "tki")
        self.W = self.param("W", self.rows, self.inputs, init="normal")
        self.U = self.param("U", self.rows, self.width, init="normal")
        self.b = self.param("b", self.rows) if bias else None

    def of_input(self) -> Tensor:
        """w[t, k] = sum_j W[k, j] x[t, j] + b[k], for all steps at once."""
        j = Index("j", self.inputs)
        w = reduce(self.W[self.k, j] * self.x[self.t, j], (j,), "sum")
        return self.tensor("w", (self.t, self.k), w if self.b is None else w + self.b[self.k])

    def of_state(self, h: Tensor) -> Formula:
        """sum_j U[k, j] h[t - 1, j]."""
        j = Index("j", self.width)
        return reduce(self.U[self.k, j] * h[self.t - 1, j], (j,), "sum")

    def state(self, hint: str, start: Tensor | None) -> Tensor:
        """What is carried from step to step, from the start given or from 0."""
        h = self.named(hint, recurrent(self.x.shape[0], self.width))
        if start is not None:
            if not isinstance(start, Tensor) or start.shape != (self.width,):
                raise NetError(
                    f"{self.word}: the start {said(start)} is not of the width {self.width}",
                    f"declare it: param({self.width}) or input({self.width})",
                )
            h[-1, self.i] = start[self.i]
        return h

    def gate(self, hint: str, function: Callable[[Any], Any], z: Any) -> Tensor:
        """A function of one block of sums, kept for the way back."""
        return self.tensor(hint, (self.t, self.i), function(z))

    def block(self, number: int) -> tuple[Index, Any]:
        """Where the sums of one gate stand."""
        return self.t, self.i + number * self.width


def rnn(x: Tensor, width: int, start: Tensor | None = None, bias: bool = True) -> Tensor:
    """h[t, i] = tanh(sum_j W[i, j] x[t, j] + b[i] + sum_j U[i, j] h[t - 1, j]), h[-1] = start or 0.

    x (steps, inputs) -> (steps, width). W1 (width, inputs), U1 (width, width), b1 (width): the sum
    of PyTorch's two biases; w1, z1, h1. torch.nn.RNN.
    """
    cell = _Cell("rnn", x, width, 1, bias)
    w, h = cell.of_input(), cell.state("h", start)
    at = cell.t, cell.k
    z = cell.tensor("z", at, w[at] + cell.of_state(h))
    h[at] = tanh(z[at])
    return h


def gru(x: Tensor, width: int, start: Tensor | None = None, bias: bool = True) -> Tensor:
    """h[t] = (1 - z[t]) c[t] + z[t] h[t - 1], h[-1] = start or 0, where w = W x + b, s = U h[t - 1]
    and r, z = sigmoid(w + s), c = tanh(w + r (s + d)), each of its own block of rows.

    x (steps, inputs) -> (steps, width). W1 (3 width, inputs), U1 (3 width, width), in the order r,
    z, c; b1 (3 width): the sum of PyTorch's two biases, but for d1 (width), which is the last third
    of its bias_hh; w1, s1, r1, z1, c1, h1. torch.nn.GRU.
    """
    cell = _Cell("gru", x, width, 3, bias)
    w, h = cell.of_input(), cell.state("h", start)
    s = cell.tensor("s", (cell.t, cell.k), cell.of_state(h))
    of_r, of_z, of_c = (cell.block(k) for k in range(3))
    at, before = (cell.t, cell.i), (cell.t - 1, cell.i)
    r = cell.gate("r", sigmoid, w[of_r] + s[of_r])
    z = cell.gate("z", sigmoid, w[of_z] + s[of_z])
    of_h = s[of_c] + cell.param("d", width)[cell.i] if bias else s[of_c]
    c = cell.gate("c", tanh, w[of_c] + r[at] * of_h)
    h[at] = (1 - z[at]) * c[at] + z[at] * h[before]
    return h


def lstm(
    x: Tensor,
    width: int,
    start: Tensor | None = None,
    cell_start: Tensor | None = None,
    bias: bool = True,
) -> Tensor:
    """h[t] = o[t] tanh(c[t]), c[t] = f[t] c[t - 1] + i[t] g[t], from `start` and `cell_start` or 0,
    where z[t] = W x[t] + b + U h[t - 1] and i, f, o = sigmoid(z), g = tanh(z), each of its own
    block of rows.

    x (steps, inputs) -> (steps, width). W1 (4 width, inputs), U1 (4 width, width), b1 (4 width):
    the sum of PyTorch's two biases, in its order i, f, g, o; w1, z1, i1, f1, g1, o1, c1, h1.
    torch.nn.LSTM.
    """
    cell = _Cell("lstm", x, width, 4, bias)
    w, h, c = cell.of_input(), cell.state("h", start), cell.state("c", cell_start)
    z = cell.tensor("z", (cell.t, cell.k), w[cell.t, cell.k] + cell.of_state(h))
    gates = zip("ifgo", (sigmoid, sigmoid, tanh, sigmoid), strict=True)
    i, f, g, o = (cell.gate(n, a, z[cell.block(k)]) for k, (n, a) in enumerate(gates))
    at, before = (cell.t, cell.i), (cell.t - 1, cell.i)
    c[at] = f[at] * c[before] + i[at] * g[at]
    h[at] = o[at] * cell.gate("m", tanh, c[at])[at]
    return h


def bidirectional(layer: Callable[..., Tensor], x: Tensor, width: int, **options: Any) -> Tensor:
    """layer(x) beside layer of x from its end to its start, each with parameters of its own.

    x (steps, inputs) -> (steps, 2 width). torch.nn.RNN(..., bidirectional=True).
    """
    if layer not in (rnn, gru, lstm):
        raise NetError(
            f"bidirectional: {getattr(layer, '__name__', said(layer))} is no recurrence",
            "give the word itself: lstm",
        )
    return concat(
        [layer(x, width, **options), reverse(layer(reverse(x), width, **options))], axis=1
    )
