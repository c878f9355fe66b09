"""Planned programs, broken: what is read too late or too early, written where it must not be, or along
other axes is refused before it is text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from functools import cache
from itertools import combinations, islice
from typing import Any

import pytest

from bpgen.derive import derive
from bpgen.ir import Malformed
from bpgen.load import declared_by
from bpgen.planning import body, microbatches
from bpgen.planning.helpers import OUT, helper
from bpgen.planning.nodes import (
    Apply,
    Buffer,
    Buffers,
    Dot,
    HelperCall,
    Matrix,
    Microbatches,
    Take,
    form,
)
from bpgen.planning.verification.accesses import overlaps
from bpgen.planning.verification.microbatches import verify_microbatches
from bpgen.planning.verification.verifier import verify, verify_helper, verify_values
from bpgen.program.grammar import (
    Assign,
    Function,
    Length,
    Loop,
    Map,
    Node,
    OnRequest,
    Read,
    Slice,
    Step,
    Store,
)
from bpgen.program.spans import takes_all
from bpgen.targets.numpy.planned_parts import PlannedParts
from tests.few import few, one_in

HEAD = "from bpgen import *\n"
NETS = {
    "layers": "x, y = input(4), label(3)\nh = dense(dense(x, 5, tanh), 5, sigmoid)\n"
    "L = loss(categorical_cross_entropy_with_logits(dense(h, 3), y))",
    "steps": 'x, ct = input("T", 3), target(2)\nL = loss(sum(last(gru(x, 2)) * ct))',
    "blocks": "x, ct = input(16), target(16)\n"
    "L = loss(sum(repeat(2, lambda h: h + dense(layer_norm(h), 16), x) * ct))",
    "windows": "x, y = input(2, 6), target(3)\n"
    "L = loss(squared_error(dense(flatten(max_pool1d(conv1d(x, 3, 2, relu), 2)), 3), y))",
    "table": "x = input(3, below=5)\ny = target(2)\n"
    "L = loss(squared_error(dense(flatten(embedding(x, 5, 2)), 2), y))",
}


@cache
def program(net: str) -> tuple[Function, ...]:
    return tuple(PlannedParts(derive(declared_by(HEAD + NETS[net]))).program)


def each(node: Any, change: Callable[[Any], Any]) -> Iterator[Any]:
    """A part of a program with one of its nodes changed, each in turn; None takes it out."""
    if isinstance(node, tuple):
        for k, part in enumerate(node):
            for new in each(part, change):
                yield (*node[:k], *([] if new is None else [new]), *node[k + 1 :])
    elif isinstance(node, Node):
        new = change(node)
        if new is not node:
            yield new
        for field in fields(node):  # type: ignore[arg-type]
            for part in each(getattr(node, field.name), change):
                yield replace(node, **{field.name: part})  # type: ignore[type-var]


def left_out(node: Node) -> Node | None:
    """The statement that first writes the array of a tensor, whole; what has no name but its
    memory's may have been there before, and where zeros are, parts are written next.
    """
    if not isinstance(node, Store) or node.adds or not isinstance(node.at, Read):
        return node
    if not node.value.axes or re.fullmatch(r"(t|mask|places)\d*", node.at.name):
        return node
    own = any(n.name == node.at.name for n in node.value.walk() if isinstance(n, Read))
    return node if own else None


def never_opened(node: Node) -> Node:
    return replace(node, name="nobody") if isinstance(node, Read) else node


def of_one_stretch(node: Node) -> Node:
    """All arrays of one form in one stretch of memory."""
    if not isinstance(node, Buffers):
        return node
    real = [b for b in node.buffers if b.kind == "real" and len(b.sizes) > 1]
    for one in real:
        same = [b for b in real if b.sizes == one.sizes]
        if len(same) > 1:
            names = tuple(n for b in same for n in b.names)
            rest = [b for b in node.buffers if b not in same]
            return replace(node, buffers=(*rest, replace(one, names=names)))
    return node


def along_another_axis(node: Node) -> Node:
    if isinstance(node, Apply) and node.axes:
        return replace(node, axes=node.axes[1:])
    return node


def summed_otherwise(node: Node) -> Node:
    """A product whose second matrix stands the other way about."""
    if isinstance(node, Dot) and isinstance(node.two, Matrix):
        return replace(node, two=replace(node.two, rows=node.two.columns, columns=node.two.rows))
    return node


def longer(node: Node) -> Node:
    if isinstance(node, Buffer) and node.kind == "real" and node.sizes:
        return replace(node, sizes=(node.sizes[0] + 2, *node.sizes[1:]))
    return node


def on_the_way_what_is_given(node: Node) -> Node:
    """A function that is given as memory what it reads."""
    if isinstance(node, HelperCall) and node.scratch:
        read = node.operands[0]
        assert isinstance(read, Node)
        inner = next(n for n in read.walk() if isinstance(n, Read))
        return replace(node, scratch=(replace(node.scratch[0], name=inner.name), *node.scratch[1:]))
    return node


def taken_elsewhere(node: Node) -> Node:
    return replace(node, axis=1 - node.axis) if isinstance(node, Take) else node


def uncleared(node: Node) -> Node | None:
    """An array that is not cleared before something is added there, or a loop reads what another
    step writes; the gates' gradients are written part by part, and zeros among them are idle.
    """
    if not isinstance(node, Store) or not isinstance(node.at, Read) or node.value.axes:
        return node
    return node if not node.at.axes or node.at.name in ("ds1", "dw1") else None


def refused(net: str, change: Callable[[Any], Any], one_of: int) -> tuple[int, int]:
    """In how many ways a program can be so changed, of so many one, and how many of these are
    refused.
    """
    made, found = 0, 0
    for broken in islice(each(program(net), change), 0, None, one_of):
        made += 1
        try:
            verify(broken)
        except Malformed:
            found += 1
    return made, found


@pytest.mark.parametrize("net", one_in(2, [*NETS]))
def test_those_of_networks_are_right(net: str) -> None:
    verify(program(net))


def unbegun(node: Node) -> Node | None:
    """What steps begin with left out: a number at one place of an array."""
    if not isinstance(node, Store) or not isinstance(node.at, Slice):
        return node
    return None if isinstance(node.value, Map) and not node.value.operands else node


def in_part(node: Node) -> Node | None:
    """One of the parts left out in which a step writes an array."""
    if not isinstance(node, Store) or not isinstance(node.at, Slice) or node.adds:
        return node
    free = [s for s in node.at.slots if s.at.free_symbols & {*node.at.axes}]
    of_one_step = len(free) < len(node.at.slots)
    return None if of_one_step and not all(takes_all(s, node.at.axes) for s in free) else node


def the_other_way(node: Node) -> Node:
    """Steps from the last to the first, or from the first to the last."""
    if not isinstance(node, Loop) or not any(isinstance(n, Step) for n in node.body):
        return node
    return replace(node, reverse=not node.reverse)


def never_measured(node: Node) -> Node | None:
    """A length that is spoken of left out."""
    return None if isinstance(node, Assign) and isinstance(node.value, Length) else node


ALWAYS = [
    *(never_opened, left_out, of_one_stretch, along_another_axis, summed_otherwise, longer),
    *(on_the_way_what_is_given, taken_elsewhere, uncleared, unbegun, in_part, the_other_way),
    never_measured,
]


FEWER = {never_opened: 20, along_another_axis: 3}  # of so many, one in the quick tests
ONE_OF = [(change, FEWER.get(change, 1)) for change in ALWAYS]
MORE = [(never_opened, 5), (along_another_axis, 1)]


@pytest.mark.parametrize(
    ("change", "one_of"),
    few([*ONE_OF, *MORE], lambda case: case in ONE_OF[::6]),
    ids=lambda c: getattr(c, "__name__", c),
)
def test_each_break_is_refused(change: Callable[[Any], Any], one_of: int) -> None:
    every = {net: refused(net, change, one_of) for net in NETS}
    assert sum(made for made, _ in every.values())
    assert {net: made - found for net, (made, found) in every.items()} == dict.fromkeys(NETS, 0)


def test_a_function_of_the_module_writes_nowhere_where_it_reads() -> None:
    every = (n for f in program("layers") for n in f.walk() if isinstance(n, Store))
    node = next(n for n in every if isinstance(n.value, HelperCall))
    read = node.value.operands[0]
    assert isinstance(read, Read)
    assert overlaps(replace(node, at=read), {read.name})
    assert not overlaps(node, {node.at.name})


def values(net: str, monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What each function is checked with before values on the way share names."""
    asked: list[tuple[Any, ...]] = []
    monkeypatch.setattr(body, "verify_values", lambda *given: asked.append(given))
    PlannedParts(derive(declared_by(HEAD + NETS[net]))).program  # noqa: B018
    return asked


def on_the_way_left_out(node: Node) -> Node | None:
    """A value without a name that is not written before it is read, or added to."""
    nameless = isinstance(node, Store) and isinstance(node.at, Read) and node.at.name[0] == "<"
    if not nameless or any(isinstance(n, Read) and n == node.at for n in node.value.walk()):
        return node
    return None


@pytest.mark.parametrize("net", one_in(3, ["layers", "steps", "blocks"]))
def test_a_value_without_a_name_is_held_to_what_it_is(
    net: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = 0
    for name, given, statements, stretches in values(net, monkeypatch):
        verify_values(name, given, statements, stretches)
        for broken in each(statements, on_the_way_left_out):
            made += 1
            with pytest.raises(Malformed):
                verify_values(name, given, broken, stretches)
    assert made


@pytest.mark.parametrize("net", ["layers", "blocks"])
def test_values_without_a_name_share_no_memory_but_one_after_another(
    net: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = 0
    for name, given, statements, stretches in values(net, monkeypatch):
        nameless = [b for b in stretches if len(b.sizes) > 1 and any(n[0] == "<" for n in b.names)]
        for one, other in combinations(nameless, 2):
            if form(one) == form(other):
                made += 1
                whole = replace(one, names=(*one.names, *other.names))
                rest = tuple(b for b in stretches if b not in (one, other))
                with pytest.raises(Malformed, match=r"memory holds|memory is read|is there"):
                    verify_values(name, given, statements, (*rest, whole))
    assert made


def in_microbatches(monkeypatch: pytest.MonkeyPatch) -> tuple[Any, dict[str, Function]]:
    monkeypatch.setattr(microbatches, "CACHE", 100)
    parts = PlannedParts(derive(declared_by(HEAD + NETS["windows"])))
    return parts.network.tensors, {f.name: f for f in parts.program}


STEP_BROKEN: dict[str, Callable[[Microbatches], Microbatches]] = {
    "forward is given other inputs": lambda n: replace(n, inputs=n.targets),
    "the loss is given other targets": lambda n: replace(n, targets=()),
    "the precision is that of other arrays": lambda n: replace(n, real=n.real[1:]),
    "blocks are of no size": lambda n: replace(n, samples=0),
}


@pytest.mark.parametrize("fault", STEP_BROKEN)
def test_a_step_by_blocks_that_is_wrong_is_refused(
    fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tensors, made = in_microbatches(monkeypatch)
    verify_microbatches(made.values(), tensors)
    step = made["loss_and_grad"]
    wrong = (STEP_BROKEN[fault](n) if isinstance(n, Microbatches) else n for n in step.body)
    made["loss_and_grad"] = replace(step, body=tuple(wrong))
    with pytest.raises(Malformed, match=fault):
        verify_microbatches(made.values(), tensors)


@pytest.mark.parametrize(
    ("kind", "fault"), [(OnRequest, "arrays are not let in"), (Assign, "samples are not counted")]
)
def test_a_step_by_blocks_that_leaves_out_what_comes_before_is_refused(
    kind: type[Node], fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tensors, made = in_microbatches(monkeypatch)
    step = made["loss_and_grad"]
    made["loss_and_grad"] = replace(step, body=tuple(n for n in step.body if type(n) is not kind))
    with pytest.raises(Malformed, match=fault):
        verify_microbatches(made.values(), tensors)


@pytest.mark.parametrize("name", ["sigmoid", "normal_cdf_tanh", "normal_pdf_tanh"])
def test_a_function_that_writes_a_value_too_late_or_never_is_refused(name: str) -> None:
    right = helper(name)
    assert right is not None
    verify_helper(right, OUT)
    for statements in (right.body[1:], right.body[::-1], ()):
        with pytest.raises(Malformed, match=f"^{name}: "):
            verify_helper(replace(right, body=statements), OUT)
