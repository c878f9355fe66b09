"""Embeddings, recurrences, attention, blocks."""

from __future__ import annotations

from typing import Any

from tests.networks.operation import F, Given, Made, Pick, Shape, known, operation, torch


def sequence(*shapes: Shape) -> bool:
    """Steps of vectors of a known width."""
    return all(known(x[1:]) for x in shapes)


@operation()
def embedding(pick: Pick) -> Made:
    below, width = pick.any(2, 3, 5), pick.size()
    shape = pick.any((), ("T",), (3,), ("T", 2))
    given = {"x": Given("input", shape, below)}
    if pick("weights", "its own", "given") == "its own":
        net = f"{{out}} = embedding({{x}}, {below}, {width})"
        return Made(net, lambda x, E: E[x], (*shape, width), given=given)
    net = f"{{out}} = embedding({{x}}, {below}, {width}, {{E}})"
    return Made(net, lambda x, E: E[x], (*shape, width), {"E": (below, width)}, given)


@operation(2, when=known)
def positions(_: Pick, x: Shape) -> Made:
    return Made("{out} = positions({0})", lambda x, P: x + P, x)


@operation({1, 2, 3}, when=known)
def dropout(pick: Pick, x: Shape) -> Made:
    """What PyTorch is compared with leaves nothing out."""
    rate = pick("rate", 0.25, 0.5)
    return Made(f"{{out}} = dropout({{0}}, {rate})", lambda x: x, x, draws=True)


RUNS = {"rnn": "rnn_tanh", "gru": "gru", "lstm": "lstm"}


def run(word: str, x: Any, W: Any, U: Any, biases: Any, start: Any = None) -> Any:
    """PyTorch's own layer; its two biases are our one, but for the GRU's last third."""
    width = U.shape[1]
    zero = torch.zeros(1, len(x), width, dtype=x.dtype)
    h = zero if start is None else start.expand(len(x), width)[None].contiguous()
    other = torch.zeros(U.shape[0], dtype=x.dtype)
    if len(biases) == 2:
        other = torch.cat([other[: 2 * width], biases[1]])
    weights = [W, U, biases[0], other] if biases else [W, U]
    begin = (h, zero) if word == "lstm" else h
    return getattr(torch, RUNS[word])(x, begin, weights, bool(biases), 1, 0.0, False, False, True)[
        0
    ]


def _recurrent(pick: Pick, x: Shape, word: str) -> Made:
    width, bias = pick.any(2, 3, 1), pick("bias", True, False)
    start = pick("start", "zero", "a parameter", "an input")
    started = start != "zero"

    def twin(x: Any, *more: Any) -> Any:
        begin, (W, U, *biases) = (more[0], more[1:]) if started else (None, more)
        return run(word, x, W, U, biases, begin)

    return Made(
        f"{{out}} = {word}({{0}}, {width}{', start={s}' if started else ''}, bias={bias})",
        twin,
        (x[0], width),
        {"s": (width,)} if start == "a parameter" else {},
        {"s": Given("input", (width,))} if start == "an input" else {},
        own=2 + bias * (2 if word == "gru" else 1),
    )


@operation(2, when=sequence)
def rnn(pick: Pick, x: Shape) -> Made:
    return _recurrent(pick, x, "rnn")


@operation(2, when=sequence)
def gru(pick: Pick, x: Shape) -> Made:
    return _recurrent(pick, x, "gru")


@operation(2, when=sequence)
def lstm(pick: Pick, x: Shape) -> Made:
    return _recurrent(pick, x, "lstm")


@operation(2, when=sequence)
def bidirectional(pick: Pick, x: Shape) -> Made:
    word, width = pick("of", "rnn", "lstm"), pick.any(2, 1)

    def twin(x: Any, W: Any, U: Any, b: Any, V: Any, S: Any, c: Any) -> Any:
        back = run(word, x.flip(1), V, S, (c,)).flip(1)
        return torch.cat([run(word, x, W, U, (b,)), back], 2)

    return Made(f"{{out}} = bidirectional({word}, {{0}}, {width})", twin, (x[0], 2 * width))


@operation(2, when=sequence)
def recurrence(pick: Pick, x: Shape) -> Made:
    """An index equation of one's own."""
    begin = pick("before the first step", "0", "a parameter")
    started = begin == "a parameter"
    first = "{h}[-1, {i}] = {s}[{i}]\n" if started else ""
    net = (
        '{t}, {i}, {j} = indices("{t} {i} {j}")\n'
        f"{{h}} = recurrent({x[0]!r}, {x[1]})\n{first}"
        "{h}[{t}, {i}] = {0}[{t}, {i}] + sin(sum({U}[{i}, {j}]*{h}[{t} - 1, {j}], {j}))\n"
        "{out} = tanh({h})"
    )

    def twin(x: Any, U: Any, s: Any) -> Any:
        h, steps = s, []
        for t in range(x.shape[1]):
            h = x[:, t] + torch.sin(h @ U.T)
            steps.append(h)
        return torch.stack(steps, 1).tanh()

    U = {"U": (x[1], x[1])}
    if started:
        return Made(net, lambda x, U, s: twin(x, U, s[None]), x, {**U, "s": x[1:]})
    return Made(net, lambda x, U: twin(x, U, torch.zeros_like(x[:, 0])), x, U)


def fit(q: Shape, k: Shape, v: Shape) -> bool:
    return q[1] == k[1] and k[0] == v[0] and sequence(q, k, v)


@operation(2, 2, 2, when=fit)
def attention(pick: Pick, q: Shape, k: Shape, v: Shape) -> Made:
    """Where as many steps are looked at as there are, perhaps causal; perhaps masked."""
    causal = pick("causal", *([False, True] if q[0] == k[0] else [False]))
    shape = (q[0], v[1])
    call = f"attention({{0}}, {{1}}, {{2}}, causal={causal}"

    def twin(q: Any, k: Any, v: Any, mask: Any = None) -> Any:
        kept = None if mask is None else mask.bool()[:, None]
        if causal and kept is not None:
            steps = q.shape[1]
            kept = kept & torch.ones(steps, steps).tril().bool()
        elif causal:
            return F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return F.scaled_dot_product_attention(q, k, v, attn_mask=kept)

    if pick("mask", False, True):
        given = {"m": Given("input", k[:1], draw="mask")}
        net = f"{{out}} = {call}, mask={{m}})"
        return Made(net, lambda q, k, v, m: twin(q, k, v, m), shape, given=given)
    return Made(f"{{out}} = {call})", lambda q, k, v: twin(q, k, v), shape)


def _heads(x: Any, count: int, projections: Any, biases: Any, causal: bool, context: Any) -> Any:
    other = x if context is None else context
    q, k, v = (
        F.linear(a, W, b).unflatten(2, (count, -1)).transpose(1, 2)
        for a, W, b in zip((x, other, other), projections[:3], biases[:3], strict=True)
    )
    y = F.scaled_dot_product_attention(q, k, v, is_causal=causal)
    return F.linear(y.transpose(1, 2).flatten(2), projections[3], biases[3])


def divisors(n: int) -> list[int]:
    return [d for d in (1, 2, 3) if n % d == 0]


@operation(2, when=sequence)
def multi_head_attention(pick: Pick, x: Shape) -> Made:
    heads = pick("heads", *divisors(int(x[1])))
    causal, bias = pick("causal", False, True), pick("bias", True, False)
    net = f"{{out}} = multi_head_attention({{0}}, {heads}, causal={causal}, bias={bias})"

    def twin(x: Any, *params: Any) -> Any:
        if bias:
            return _heads(x, heads, params[::2], params[1::2], causal, None)
        return _heads(x, heads, params, (None,) * 4, causal, None)

    return Made(net, twin, x, own=8 if bias else 4)


@operation(2, 2, when=sequence)
def cross_attention(pick: Pick, x: Shape, c: Shape) -> Made:
    heads = pick("heads", *divisors(int(x[1])))
    net = f"{{out}} = multi_head_attention({{0}}, {heads}, context={{1}}, bias=False)"
    none = (None,) * 4
    return Made(net, lambda x, c, Q, K, V, W: _heads(x, heads, (Q, K, V, W), none, False, c), x)


@operation(2, when=sequence)
def written_out_attention(_: Pick, x: Shape) -> Made:
    """A causal softmax as index equations."""
    net = (
        '{t}, {u}, {d} = indices("{t} {u} {d}")\n'
        "{s} = tensor(masked(sum({0}[{t}, {d}]*{0}[{u}, {d}], {d}), at_most({u}, {t})), {t}, {u})\n"
        "{out} = softmax({s}) @ {0}"
    )

    def twin(x: Any) -> Any:
        s = x @ x.transpose(1, 2)
        steps = torch.ones(s.shape[1:]).tril().bool()
        return s.masked_fill(~steps, float("-inf")).softmax(2) @ x

    return Made(net, twin, x)


@operation({1, 2}, when=lambda x: known(x[-1:]))
def blocks(pick: Pick, x: Shape) -> Made:
    """Equal blocks."""
    times = pick("times", 1, 2, 3)
    inside = pick("of", "tanh", "layer_norm")

    def twin(x: Any, *p: Any) -> Any:
        for k in range(times):
            if inside == "tanh":
                x = x + torch.tanh(F.linear(x, p[0][k], p[1][k]))
            else:
                y = F.layer_norm(x, x.shape[-1:], p[0][k], p[1][k])
                x = x + torch.sin(F.linear(y, p[2][k], p[3][k]))
        return x

    body = f"tanh(dense({{b}}, {x[-1]}))"
    if inside == "layer_norm":
        body = f"sin(dense(layer_norm({{b}}), {x[-1]}))"
    net = f"{{out}} = repeat({times}, lambda {{b}}: {{b}} + {body}, {{0}})"
    return Made(net, twin, x, own=2 if inside == "tanh" else 4)


@operation({1, 2, 3})
def probabilities(pick: Pick, x: Shape) -> Made:
    word = pick("word", "softmax", "log_softmax")
    return Made(f"{{out}} = {word}({{0}})", lambda x: getattr(x, word)(-1), x)


@operation({1, 2})
def logsumexp(_: Pick, x: Shape) -> Made:
    return Made("{out} = logsumexp({0})", lambda x: x.logsumexp(-1), x[:-1])
