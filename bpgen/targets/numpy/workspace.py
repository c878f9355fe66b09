"""The memory of a planned module, as the functions that make it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bpgen.planning.nodes import Buffer, Buffers, Memory
from bpgen.targets.numpy.functions import Function
from bpgen.targets.numpy.layout import WIDTH, call, collection
from bpgen.targets.numpy.planned import key_of, memory_of, name_of, with_gradients
from bpgen.targets.numpy.subscripts import written


def memories(every: Iterable[Memory]) -> Iterator[Function]:
    """For each function one that makes its arrays, and those of the blocks that it goes through."""
    for memory in every:
        own, *inner = memory.every
        yield _whole(memory, own, inner)
        yield from (_of_block(of) for of in inner)


def _whole(memory: Memory, own: Buffers, inner: list[Buffers]) -> Function:
    name = name_of(own)
    body = [*_arrays(own), *collection("arrays = ", own.names, "[]", 4)]
    entries = [f'"{name}": arrays,', *(line for of in inner for line in _entry(of))]
    if with_gradients(memory):
        body.insert(0, "grads = _views(flat)")
    return Function(
        tuple(call(f"def {memory_of(own)}", _arguments(memory), " -> Workspace:")),
        f"The arrays of {name}; those that stand on one line share memory.",
        (*body, *_dict(entries)),
    )


def _dict(entries: list[str]) -> list[str]:
    line = f"return {{{' '.join(entries).rstrip(',')}}}"
    if len(entries) == 1 and len(line) + 4 <= WIDTH:
        return [line]
    return ["return {", *(f"    {e}" for e in entries), "}"]


def _arguments(memory: Memory) -> list[str]:
    flat = ["flat: np.ndarray"] * with_gradients(memory)
    return [*(f"{s}: int" for s in memory.sizes), "dtype: np.dtype", *flat]


def _entry(of: Buffers) -> list[str]:
    """What the blocks of one kind have in the workspace, as lines of a dict."""
    grads = [f"grads, {of.counter}"] if of.gradients else []
    made = f"{memory_of(of)}({', '.join([*_sizes(of), 'dtype', *grads])})"
    if not of.counter:
        return [f"{key_of(of)}: {made},"]
    every = f"for {of.counter} in range({of.times})"
    line = f"**{{{key_of(of)}: {made} {every}}},"
    if len(line) + 8 <= WIDTH:
        return [line]
    return ["**{", f"    {key_of(of)}: {made}", f"    {every}", "},"]


def _of_block(of: Buffers) -> Function:
    grads = [f"grads: Arrays, {of.counter}: int"] if of.gradients else []
    given = [*(f"{s}: int" for s in _sizes(of)), "dtype: np.dtype", *grads]
    shared = "those that stand on one line share memory"
    what = f"what {name_of(of)} keeps of each block" if of.counter else f"what {name_of(of)} needs"
    return Function(
        tuple(call(f"def {memory_of(of)}", given, " -> list[np.ndarray]:")),
        f"The arrays for {what}; {shared}.",
        (*_arrays(of), *collection("return ", of.names, "[]", 4)),
    )


def _sizes(of: Buffers) -> list[str]:
    return [*Memory((of,), ()).sizes]


def _arrays(of: Buffers) -> Iterator[str]:
    """A line for each stretch of memory."""
    gradients = {array: parameter for parameter, array in of.gradients}
    at = f"[{of.counter}]" if of.counter else ""
    for buffer in of.buffers:
        given = next((gradients[n] for n in buffer.names if n in gradients), None)
        made = f'grads["{given}"]{at}' if given is not None else _made(buffer)
        yield f"{' = '.join(buffer.names)} = {made}"


def _made(buffer: Buffer) -> str:
    if buffer.kind == "least":
        return "np.full((), np.finfo(dtype).min, dtype)"
    sizes = list(map(written, buffer.sizes))
    if buffer.kind == "rows":
        return f"np.arange({sizes[0]})"
    if buffer.kind == "ones":
        return f"np.ones({sizes[0]}, dtype)"
    kind = "bool" if buffer.kind == "mask" else "dtype"
    if not buffer.order:
        shape = sizes[0] if len(sizes) == 1 else f"({', '.join(sizes)})"
        return f"np.empty({shape}, {kind})"
    shape = ", ".join(sizes[k] for k in buffer.order)
    turned = tuple(buffer.order.index(k) for k in range(len(sizes)))
    return f"np.empty(({shape}), {kind}).transpose{turned}"


def workspace(every: list[Memory], blocks: bool) -> Function:
    """The function that makes all memory of a batch at once, and of its blocks."""
    sizes = list(dict.fromkeys(s for m in every for s in m.sizes))
    entries = ['"flat": [flat]', *(f'"{s}": [np.array({s})]' for s in sizes)]
    for m in every:
        given = [*m.sizes, "flat.dtype", *["flat"] * with_gradients(m)]
        entries.append(f"**{memory_of(m.every[0])}({', '.join(given)})")
    entries += ["**_memory_of_blocks(N, flat.dtype)"] * blocks
    arguments = [*(f"{s}: int" for s in sizes), "dtype: type = np.float64"]
    about = f"Memory for batches of {' and '.join(sizes) or 'any length'}"
    return Function(
        tuple(call("def workspace", arguments, " -> Workspace:")),
        f"{about}; flat holds all gradients in the order of pack.",
        ("flat: np.ndarray = np.empty(SIZE, dtype)", *collection("return ", entries, indent=4)),
    )
