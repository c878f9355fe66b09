"""The memory of a planned module, as the functions that make it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

import sympy as sp

from bpgen.ir import BATCH, length
from bpgen.planning.nodes import Buffer, Buffers, Memory
from bpgen.targets.numpy.functions import FunctionText
from bpgen.targets.numpy.layout import WIDTH, call, collection
from bpgen.targets.numpy.planned_expressions import PlannedExpressions
from bpgen.targets.numpy.planned_names import key_of, memory_of, name_of, with_gradients
from bpgen.targets.numpy.subscripts import written


def memories(every: Iterable[Memory]) -> Iterator[FunctionText]:
    """For each function one that makes its arrays, and those of the blocks that it goes through."""
    every = list(every)
    for memory in every:
        own, *inner = memory.every
        yield _whole(memory, own, inner, _donors(own, every))
        yield from (_of_block(of) for of in inner)


def _donors(own: Buffers, every: Iterable[Memory]) -> list[Memory]:
    """Whose memory it is in which the arrays of a function are."""
    names = {b.donated[0] for b in own.buffers if b.donated is not None}
    return [m for m in every if m.every[0].function in names]


def _whole(
    memory: Memory, own: Buffers, inner: list[Buffers], donors: list[Memory]
) -> FunctionText:
    name = name_of(own.function)
    body = [*arrays_of(own), *collection("arrays = ", own.names, "[]", 4)]
    entries = [f'"{name}": arrays,', *(line for of in inner for line in _entry(of))]
    if with_gradients(memory):
        body.insert(0, "grads = _views(flat)")
    if donors:
        made = [f"**{_of(m)}," for m in donors]
        body = ["made: Workspace = {", *(f"    {line}" for line in made), "}", *body]
    shared = "those that stand on one line share memory"
    about = "where one of the others has such an array, that one" if donors else shared
    return FunctionText(
        tuple(call(f"def {memory_of(own)}", _arguments(memory), " -> Workspace:")),
        f"The arrays of {name}; {about}.",
        (*body, *_dict(entries, "made | " * bool(donors))),
    )


def _of(memory: Memory, dtype: str = "dtype") -> str:
    """The call that makes the memory of a function."""
    given = [*memory.sizes, dtype, *["flat"] * with_gradients(memory)]
    return f"{memory_of(memory.every[0])}({', '.join(given)})"


def _dict(entries: list[str], before: str = "") -> list[str]:
    line = f"return {before}{{{' '.join(entries).rstrip(',')}}}"
    if len(entries) == 1 and len(line) + 4 <= WIDTH:
        return [line]
    return [f"return {before}{{", *(f"    {e}" for e in entries), "}"]


def _arguments(memory: Memory) -> list[str]:
    flat = ["flat: np.ndarray"] * with_gradients(memory)
    return [*(f"{s}: int" for s in memory.sizes), "dtype: np.dtype", *flat]


def _entry(of: Buffers) -> list[str]:
    """What the blocks of one kind have in the workspace, as lines of a dict."""
    grads = [f"grads, {of.counter}"] if of.gradients else []
    made = f"{memory_of(of)}({', '.join([*_sizes(of), 'dtype', *grads])})"
    if not of.counter:
        return [f"{key_of(of)}: {made},"]
    parts = [f"{key_of(of)}: {made}", f"for {of.counter} in range({of.times})"]
    *lines, last = collection("**", parts, "{}", 9, " ")
    return [*lines, f"{last},"]


def _of_block(of: Buffers) -> FunctionText:
    grads = [f"grads: Arrays, {of.counter}: int"] if of.gradients else []
    given = [*(f"{s}: int" for s in _sizes(of)), "dtype: np.dtype", *grads]
    shared = "those that stand on one line share memory"
    name = name_of(of.function)
    what = f"what {name} keeps of each block" if of.counter else f"what {name} needs"
    return FunctionText(
        tuple(call(f"def {memory_of(of)}", given, " -> list[np.ndarray]:")),
        f"The arrays for {what}; {shared}.",
        (*arrays_of(of), *collection("return ", of.names, "[]", 4)),
    )


def _sizes(of: Buffers) -> list[str]:
    return [*Memory((of,), ()).sizes]


def arrays_of(of: Buffers) -> Iterator[str]:
    """A line for each stretch of memory."""
    gradients = {array: parameter for parameter, array in of.gradients}
    for buffer in of.buffers:
        given = next((gradients[n] for n in buffer.names if n in gradients), None)
        made = f'grads["{given}"]{_of_each(of, buffer)}' if given is not None else _made(buffer)
        yield f"{' = '.join(buffer.names)} = {made}"
    write = PlannedExpressions({})
    for view in of.views:
        yield f"{view.name} = {write.lined(view.array, view.axes).text}"


def _of_each(of: Buffers, buffer: Buffer) -> str:
    """The part of one block; of one number, too, a view."""
    if not of.counter:
        return ""
    return f"[{of.counter}]" if buffer.sizes else f"[{of.counter}, ...]"


def _made(buffer: Buffer) -> str:
    if buffer.donated is not None:
        function, place = buffer.donated
        return f'made["{name_of(function)}"][{place}]'
    sizes = list(map(written, buffer.sizes))
    shape = sizes[0] if len(sizes) == 1 else f"({', '.join(sizes)})"
    if buffer.kind in _CONSTANT:
        return _CONSTANT[buffer.kind](buffer, shape)
    kind = _DTYPES.get(buffer.kind, "dtype")
    if not buffer.order:
        return f"np.empty({shape}, {kind})"
    shape = ", ".join(sizes[k] for k in buffer.order)
    turned = tuple(buffer.order.index(k) for k in range(len(sizes)))
    return f"np.empty(({shape}), {kind}).transpose{turned}"


def _starts(buffer: Buffer, shape: str) -> str:
    """Where rows begin that are as long as it says."""
    long, sizes = buffer.holds, buffer.sizes
    if not sizes:
        return "np.zeros((), np.intp)"
    found = f"np.arange(0, {written(sp.Mul(*sizes, long))}, {long})"
    return found if len(sizes) == 1 else f"{found}.reshape{shape}"


def _number(buffer: Buffer, shape: str) -> str:
    """One number, everywhere; a share of no samples is asked for by nobody."""
    assert buffer.holds is not None
    some = {length(BATCH): sp.Symbol(f"max({BATCH}, 1)")}
    number = PlannedExpressions({}).number(buffer.holds.xreplace(some))
    return f"np.full({shape}, {number}, dtype)"


_DTYPES = {"mask": "bool", "places": "np.intp"}
_CONSTANT: Mapping[str, Callable[[Buffer, str], str]] = {
    "least": lambda _, shape: f"np.full({shape}, np.finfo(dtype).min, dtype)",
    "number": _number,
    "ones": lambda b, shape: f"np.ones({shape}, dtype)" if b.holds is None else _number(b, shape),
    "rows": lambda _, shape: f"np.arange({shape})",
    "starts": _starts,
}


def workspace(every: list[Memory], blocks: bool) -> FunctionText:
    """The function that makes all memory of a batch at once, and of its blocks."""
    sizes = list(dict.fromkeys(s for m in every for s in m.sizes))
    entries = ['"flat": [flat]', '"flat[:]": [flat[:]]']  # of a copy, the second is no part of it
    entries += ['"own": [_OWN]']  # another module's arrays may be as many and as large
    entries += (f'"{s}": [np.array({s})]' for s in sizes)
    donors = [m for of in every for m in _donors(of.every[0], every)]
    entries += [f"**{_of(m, 'flat.dtype')}" for m in every if m not in donors]
    entries += ["**_memory_of_blocks(N, flat.dtype)"] * blocks
    arguments = [*(f"{s}: int" for s in sizes), "dtype: type = np.float64"]
    asked = ["dtype", *(f"{s}={s}" for s in sizes)]
    about = f"Memory for batches of {' and '.join(sizes) or 'any length'}"
    return FunctionText(
        tuple(call("def workspace", arguments, " -> Workspace:")),
        f"{about}; flat holds all gradients in the order of pack.",
        (
            *call("_sized", asked, "", 4),
            "flat: np.ndarray = np.empty(SIZE, dtype)",
            *collection("return ", entries, indent=4),
        ),
    )
