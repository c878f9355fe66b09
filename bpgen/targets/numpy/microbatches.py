"""A step that goes through blocks of the batch, and the memory for one."""

from __future__ import annotations

from bpgen.names import free
from bpgen.planning.nodes import Memory, Microbatches
from bpgen.targets.numpy.functions import FunctionText
from bpgen.targets.numpy.layout import call, collection
from bpgen.targets.numpy.planned_names import memory_of, name_of, with_gradients

_LOCAL = ("flat", "value", "start", "part", "weight", "memory", "cache", "own", "dtype")


def step(node: Microbatches, indent: int = 4) -> list[str]:
    """The statements of the step, after the door."""
    taken = {*node.inputs, *node.targets}
    flat, value, start, part, weight, memory, cache, own, dtype = (free(n, taken) for n in _LOCAL)
    precision = f"_precision({', '.join(['params', *node.real])})"
    inputs, targets = ([f"{n}[{part}]" for n in names] for names in (node.inputs, node.targets))
    of_cache = ["params", cache, *targets, f"workspace={memory}", "checked=False"]
    inner = [
        f"{part} = slice({start}, {start} + BLOCK)",
        f"{weight} = len({inputs[0]}) / N",
        f"{memory} = _of_block(workspace, len({inputs[0]}))",
        *call(f"_, {cache} = forward", ["params", *inputs, *of_cache[-2:]], "", indent + 4),
        *call(f"{value} += {weight} * _loss", of_cache, "", indent + 4),
        *call("backward", of_cache, "", indent + 4),
        f'({own},) = {memory}["flat"]',
        f"{own} *= {weight}",
        f"{flat} += {own}",
    ]
    return [
        "if workspace is None:",
        f"    {dtype} = {precision}",
        f"    workspace = _memory_of_blocks(N, {dtype})",
        f'    workspace["flat"] = [np.empty(SIZE, {dtype})]',
        "elif checked:",
        f"    _suits(workspace, {precision}, N=N)",
        f'({flat},) = workspace["flat"]',
        f"{flat}.fill(0)",
        f"{value} = 0.0",
        f"for {start} in range(0, N, BLOCK):",
        *(f"    {line}" for line in inner),
        f"return {value}, _views({flat})",
    ]


def declared(node: Microbatches) -> list[str]:
    """The length of a block, and why."""
    what = (
        f"# A step goes through {node.samples} samples at a time, so that all arrays stay in cache:"
    )
    return [what, f"# {node.largest} is the largest.", f"BLOCK = {node.samples}"]


def memories(every: list[Memory]) -> list[FunctionText]:
    """What makes the memory of blocks, and what finds that of one."""
    entries = ['"flat": [flat]']
    for m in every:
        given = ["n", "dtype", *["flat"] * with_gradients(m)]
        entries.append(f"**{memory_of(m.every[0])}({', '.join(given)})")
    made = FunctionText(
        ("def _memory_of_blocks(N: int, dtype: np.dtype) -> Workspace:",),
        "The arrays of each block of N samples: of most, and of what is left.",
        (
            "made: Workspace = {}",
            "for n in (min(N, BLOCK), N - N // BLOCK * BLOCK):",
            "    flat: np.ndarray = np.empty(SIZE, dtype)",
            *(f"    {line}" for line in collection("of_block: Workspace = ", entries, indent=8)),
            '    made |= {f"{name} of {n}": arrays for name, arrays in of_block.items()}',
            "return made",
        ),
    )
    names = ['"flat"', *(f'"{name_of(m.every[0].function)}"' for m in every)]
    found = FunctionText(
        ("def _of_block(workspace: Workspace, n: int) -> Workspace:",),
        "The arrays of a block of n samples.",
        (
            f"names = ({', '.join(names)})",
            'return {name: workspace[f"{name} of {n}"] for name in names}',
        ),
    )
    return [made, found]
