"""Index equations of the user's own: sums, shifts, strides, gathers, largest ones, the batch."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.networks.operation import ANY, SIZES, Made, Pick, Shape, known, operation, torch

LETTERS = "ijkq"  # no l: bpgen has a word l1


def _accessed(name: str, letters: str) -> str:
    return f"{{{name}}}[{', '.join(f'{{{k}}}' for k in letters)}]" if letters else f"{{{name}}}"


def _declared(letters: str, size: int | None = None) -> str:
    """Indices, under names of this step."""
    names = [f"{{{k}}}" for k in letters]
    given = "" if size is None else f", size={size}"
    return f'{", ".join(names)} = indices("{" ".join(names)}"{given})\n'


def _equation(body: str, letters: str) -> str:
    left = "".join(f", {{{k}}}" for k in letters)
    return f"{{out}} = tensor({body}{left})"


@operation({1, 2}, when=known)
def contraction(pick: Pick, x: Shape) -> Made:
    """Any sum of products of x and a parameter: some of its axes are those of x, some new."""
    of_x = LETTERS[: len(x)]
    shared = "".join(k for k in of_x if pick.any(True, False))
    new = LETTERS[len(x) : len(x) + pick.any(1, 0, 2)]
    of_w = "".join(pick.draw(st.permutations(shared + new))) or of_x
    sizes = dict(zip(of_x, x, strict=True)) | {k: pick.any(*SIZES) for k in new}
    every = "".join(dict.fromkeys(of_x + of_w))
    left = "".join(k for k in pick.draw(st.permutations(every)) if pick.any(True, False))[:3]
    over = [k for k in every if k not in left]
    pick.reached.append(f"contraction to {len(left)} axes")
    body = f"{_accessed('0', of_x)}*{_accessed('W', of_w)}"
    if over:
        body = f"sum({body}, {', '.join(f'{{{k}}}' for k in over)})"
    net = _declared(every) + _equation(body, left)
    return Made(
        net,
        lambda x, W: torch.einsum(f"n{of_x},{of_w}->n{left}", x, W),
        tuple(sizes[k] for k in left),
        {"W": tuple(sizes[k] for k in of_w)},
    )


@operation(1, 1, when=lambda x, y: known(x, y))
def bilinear(pick: Pick, x: Shape, y: Shape) -> Made:
    net = _declared("ijk") + _equation("sum({B}[{k}, {i}, {j}]*{0}[{i}]*{1}[{j}], {i}, {j})", "k")
    B = (pick.size(), *x, *y)
    return Made(
        net, lambda x, y, B: torch.einsum("kij,ni,nj->nk", B, x, y), B[:1], {"B": B}, power=2
    )


@operation(1, 1)
def outer(_: Pick, x: Shape, y: Shape) -> Made:
    net = _declared("ij") + _equation("{0}[{i}]*cos({1}[{j}])", "ij")
    return Made(net, lambda x, y: x[:, :, None] * torch.cos(y)[:, None], x + y, power=2)


def wide(x: Shape) -> bool:
    return known(x[-1:]) and int(x[-1]) >= 3


@operation(1, when=wide)
def shifted(pick: Pick, x: Shape) -> Made:
    """A difference of neighbours, or of others."""
    by = pick("by", 1, 2)
    size = int(x[0]) - by
    net = _declared("i", size) + _equation(f"{{0}}[{{i}} + {by}] - 2*{{0}}[{{i}}]", "i")
    return Made(net, lambda x: x[:, by:] - 2 * x[:, :-by], (size,))


@operation(1, when=wide)
def strided(pick: Pick, x: Shape) -> Made:
    """The largest or the sum of windows that overlap, touch or leave gaps."""
    size, stride = pick("size", 2, 3), pick("stride", 1, 2)
    count = (int(x[0]) - size) // stride + 1
    word = pick("word", "max", "sum")
    net = (
        _declared("i", count)
        + _declared("r", size)
        + _equation(f"{word}({{0}}[{stride}*{{i}} + {{r}}], {{r}})", "i")
    )

    def twin(x: object) -> object:
        windows = x.unfold(1, size, stride)
        return windows.max(2).values if word == "max" else windows.sum(2)

    return Made(net, twin, (count,), kinked=word == "max")


@operation(2)
def largest_in_row(_: Pick, x: Shape) -> Made:
    net = _declared("ij") + _equation("max({0}[{i}, {j}], {j})", "i")
    return Made(net, lambda x: x.max(2).values, x[:1], kinked=True)


@operation(1, when=known)
def first_entries(pick: Pick, x: Shape) -> Made:
    """Single entries, by number."""
    k = pick.any(*range(int(x[0])))
    net = _declared("i") + _equation(f"{{0}}[{k}]*{{0}}[{{i}}] + sin({{0}}[0])", "i")
    return Made(net, lambda x: x[:, k, None] * x + torch.sin(x[:, :1]), x, power=2)


@operation({1, 2}, when=lambda x: known(x[:1]))
def written(pick: Pick, x: Shape) -> Made:
    """Written element by element, with gaps; beside them 0."""
    step, start = pick("step", 1, 2), pick("start", 0, 1)
    size = step * (int(x[0]) - 1) + start + 1
    rest, axes = tuple(x[1:]), "ij"[: len(x)]
    more = "".join(f", {{{k}}}" for k in axes[1:])
    shape = ", ".join(map(repr, (size, *rest)))
    place = f"{step}*{{i}} + {start}{more}"
    net = _declared(axes) + (
        f"{{u}} = zeros({shape})\n{{u}}[{place}] = {_accessed('0', axes)}\n{{out}} = sin({{u}})"
    )

    def twin(x: object) -> object:
        y = torch.zeros(len(x), size, *x.shape[2:], dtype=x.dtype)
        y[:, start::step] = x
        return torch.sin(y)

    return Made(net, twin, (size, *rest))


@operation(1)
def centred(_: Pick, x: Shape) -> Made:
    """A sum within an equation, whose index is the equation's own in name."""
    net = _declared("i") + _equation("{0}[{i}] - mean({0}[{i}], {i})", "i")
    return Made(net, lambda x: x - x.mean(1, keepdim=True), x)


@operation(1, when=known)
def nested(_: Pick, x: Shape) -> Made:
    """A function of a sum of a function of a sum."""
    net = _declared("ijk") + _equation(
        "tanh(sum({W}[{i}, {j}]*sigmoid(sum({W}[{j}, {k}]*{0}[{k}], {k})), {j}))", "i"
    )
    W = {"W": (*x, *x)}
    return Made(net, lambda x, W: torch.tanh(torch.sigmoid(x @ W.T) @ W.T), x, W)


@operation(2, when=lambda x: x[0] == x[1])
def symmetric(_: Pick, x: Shape) -> Made:
    net = _declared("ij") + _equation("{0}[{i}, {j}] + {0}[{j}, {i}]", "ij")
    return Made(net, lambda x: x + x.transpose(1, 2), x)


@operation({0, 1, 2})
def of_batch(_: Pick, x: Shape) -> Made:
    """What all samples have in common, taken away."""
    axes = "ij"[: len(x)]
    at = _accessed("0", axes)
    each = _accessed("0", "n" + axes)
    indices = _declared(axes) if axes else ""
    net = f"{{n}} = samples()\n{indices}" + _equation(f"{at} - mean({each}, {{n}})", axes)
    return Made(net, lambda x: x - x.mean(0), x, mixes=True)


@operation(ANY)
def tensor_of_all(_: Pick, x: Shape) -> Made:
    """A loss within a network: the root of a sum of squares."""
    axes = tuple(range(1, len(x) + 1))
    net = "{out} = sqrt(1 + sum({0}**2))" if x else "{out} = sqrt(1 + {0}**2)"
    return Made(net, lambda x: (1 + (x**2).sum(axes) if axes else 1 + x**2).sqrt(), ())
