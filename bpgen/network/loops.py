"""Recurrences: equations that need each other's step before, gathered into loops in the order in
which one step computes them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sympy.utilities.iterables import strongly_connected_components

from bpgen.declare.declaration import Block
from bpgen.equations.affine import affine
from bpgen.equations.letters import lettered
from bpgen.equations.pieces import in_order, needs, pieces, writes
from bpgen.equations.substitution import renamed
from bpgen.errors import NetError
from bpgen.ir import Element, Equation, Index, Loop, TensorInfo, element, is_batch

Cycle = dict[str, Equation]


def looped(
    equations: list[Equation],
    tensors: dict[str, TensorInfo],
    of_block: Mapping[str, Block | None],
) -> tuple[Equation, ...]:
    """The equations, each after all that it reads; those of a recurrence as one loop. `of_block` is
    the block that a tensor belongs to.
    """
    if all(t.carried is None for t in tensors.values()) and _in_order(equations):
        return tuple(equations)
    by_name = {e.name: e for e in equations}
    arcs = [
        (e.name, r)
        for e in equations
        for r in dict.fromkeys(x.name for x in e.reads())
        if r in by_name
    ]
    arcs += _of_blocks(equations, tensors, of_block)
    place = {name: k for k, name in enumerate(by_name)}
    ordered: list[Equation] = []
    for names in strongly_connected_components((list(by_name), arcs)):
        cycle = {name: by_name[name] for name in sorted(names, key=place.__getitem__)}
        if len(cycle) > 1 or tensors[names[0]].carried is not None or (names[0],) * 2 in arcs:
            ordered += _loop(cycle, tensors)
        else:
            ordered += cycle.values()
    return tuple(ordered)


def _in_order(equations: list[Equation]) -> bool:
    """Whether each is after all that it reads."""
    left = {e.name for e in equations}
    for equation in equations:
        if any(e.name in left for e in equation.reads()):
            return False
        left.discard(equation.name)
    return True


def _of_blocks(
    equations: list[Equation],
    tensors: Mapping[str, TensorInfo],
    of_block: Mapping[str, Block | None],
) -> list[tuple[str, str]]:
    """All of a block belongs to its loop, whether or not the next block needs it."""
    ends = {
        of_block[e.name]: e.name
        for e in equations
        if tensors[e.name].block and tensors[e.name].carried is not None
    }
    within = [(e.name, ends[of_block[e.name]]) for e in equations if tensors[e.name].block]
    return [arc for one, end in within for arc in ((one, end), (end, one)) if one != end]


def _loop(cycle: Cycle, tensors: dict[str, TensorInfo]) -> list[Equation]:
    """One step of a recurrence, as equations of one loop."""
    carried = [n for n in cycle if tensors[n].carried is not None]
    if not carried:
        names = list(cycle)
        raise NetError(
            f"{' and '.join(names)} are defined by each other"
            if len(names) > 1
            else f"{names[0]} is defined by elements of its own",
            "a recurrence is declared: h = recurrent(...), then h[t, i] = ...",
        )
    _refuse_repeated_within(cycle, carried, tensors)
    block = tensors[carried[0]].block
    along = (
        {n: e.indices[0] for n, e in cycle.items()} if block else _steps(cycle, carried[0], tensors)
    )
    first = cycle[carried[0]].indices[tensors[carried[0]].carried or 0]
    index = Index(first.name if not first.name.startswith("_") else "t", first.size)
    loop = Loop(carried[0], index, block=block)
    made = {n: replace(lettered(renamed(e, along[n], index)), loop=loop) for n, e in cycle.items()}
    for name, equation in made.items():
        tensors[name] = replace(tensors[name], indices=equation.indices)
    return [made[name] for name in _order(made, index)]


def _refuse_repeated_within(
    cycle: Cycle, carried: list[str], tensors: Mapping[str, TensorInfo]
) -> None:
    """Blocks that are repeated are a loop of their own, not a part of what one step computes."""
    repeated = next((n for n in carried if tensors[n].block), None)
    outside = [n for n in (*carried, *cycle) if not tensors[n].block]
    if repeated and outside:
        times = cycle[repeated].indices[0].size
        raise NetError(
            f"{repeated} needs {outside[0]}, and {outside[0]} needs {repeated}, which is repeated",
            f"write its blocks one after the other: for _ in range({times}): ...",
        )


def _steps(cycle: Cycle, start: str, tensors: Mapping[str, TensorInfo]) -> dict[str, Index]:
    """The index of each equation that counts the steps: that of the recurrence, handed on from
    what is read to what reads it.
    """
    along = {start: cycle[start].indices[tensors[start].carried or 0]}
    waiting = [start]
    while waiting:
        known = waiting.pop()
        axis = cycle[known].indices.index(along[known])
        for name, equation in cycle.items():
            for access in (e for e in equation.reads() if e.name == known):
                form = affine(access.indices[axis])
                shift = None if form is None or len(form.steps) != 1 else form.start
                index = None if form is None or not form.steps else form.steps[0][0]
                if index not in equation.indices or shift not in (0, -1):
                    raise NetError(
                        f"{name} needs {_said(access)}, and {known} needs {name}"
                        if name != known
                        else f"{name} needs {_said(access)}",
                        "a recurrence runs along its first axis and reads its own step and the "
                        "one before, h[t] and h[t - 1]",
                    )
                if name not in along:
                    along[name] = index
                    waiting.append(name)
    return along


def _order(made: Cycle, step: Index) -> list[str]:
    """The equations of one step, each after what it reads of the same step: where one is written in
    pieces, by the last of them.
    """
    parts = [p for equation in made.values() for p in pieces(equation)]
    order = in_order(parts, step)
    if len(order) < len(parts):
        raise _without_order(parts, [k for k in range(len(parts)) if k not in order], step)
    last = {parts[k].name: at for at, k in enumerate(order)}
    return sorted(made, key=last.__getitem__)


def _without_order(parts: list[Equation], stuck: list[int], step: Index) -> NetError:
    """What to say of pieces that need each other, or what they are made of, in one step."""
    of = needs(parts, step)
    path = [stuck[0]]
    while len(set(path)) == len(path):
        path.append(min(of[path[-1]] & {*stuck}))
    around = sorted(path[path.index(path[-1]) + 1 :])
    names = list(dict.fromkeys(parts[k].name for k in around))
    if len(names) > 1:
        return NetError(
            f"{' and '.join(names)} need each other in one step", "read the step before: h[t - 1]"
        )
    read = next(
        e
        for k in around
        for e in parts[k].reads()
        if any(writes(parts[j], e, step) for j in around)
    )
    return NetError(
        f"{names[0]} needs {_said(read)} of the same step",
        "a recurrence runs along one axis: read the step before, or write its elements one by one",
    )


def _said(access: Element) -> str:
    """An element as net.py writes it: for one sample."""
    indices = [i for i in access.indices if not is_batch(i)]
    return str(element(access.name, indices))
