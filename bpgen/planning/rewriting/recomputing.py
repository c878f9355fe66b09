"""A forward that does not keep what its backward computes again, and that backward."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from bpgen.program.grammar import Assign, Function, Held, Node, OnRequest, Pack, Read, Ref, Step


@dataclass(frozen=True)
class Choice:
    """The values that are computed again, and what each needs of the cache."""

    values: dict[str, Step]
    needs: dict[str, list[str]]


def pack_of(forward: Function) -> Pack:
    """What it leaves for backward."""
    return next(n for n in forward.body if isinstance(n, Pack))


def of_dict(body: Iterable[Node], held: Held) -> Iterator[tuple[str, Assign]]:
    """The statements that take an array out of a dict, and what it is called."""
    for node in body:
        if isinstance(node, Assign) and isinstance(node.value, Ref) and node.value.held == held:
            yield node.name, node


def without_recomputed(forward: Function, choice: Choice) -> Function:
    """A forward that keeps what the values are computed of, for them."""
    pack = pack_of(forward)
    entries: dict[str, str] = {}
    for key, array in pack.entries:
        entries |= {n: n for n in choice.needs.get(key, ())}
        entries |= {key: array} if key not in choice.values else {}
    new = replace(pack, entries=tuple(entries.items()))
    return replace(forward, body=tuple(new if n is pack else n for n in forward.body))


def recomputing(backward: Function, forward: Function, choice: Choice) -> Function:
    """A backward that computes the values again, each just before it is first spoken of."""
    body = _with_parameters([*_with_cache(backward.body, choice)], forward, choice)
    for name, step in reversed(choice.values.items()):
        comments = (*step.comments[:-1], f"{step.comments[-1]}, again")
        body = [*_before(body, name, replace(step, comments=comments))]
    return replace(backward, body=tuple(body))


def _with_cache(body: Iterable[Node], choice: Choice) -> Iterator[Node]:
    """Statements that take out of the cache what values need, for them."""
    taken = dict(of_dict(body, "cache"))
    there = {*taken}
    for node in body:
        if isinstance(node, Assign) and taken.get(node.name) is node and node.name in choice.values:
            for name in choice.needs[node.name]:
                if name not in there:
                    yield Assign(name, replace(node.value, name=name))  # type: ignore[type-var]
                    there.add(name)
        else:
            yield node


def _with_parameters(body: list[Node], forward: Function, choice: Choice) -> list[Node]:
    """Statements that take the parameters that values need, too."""
    reads = {n.name for s in choice.values.values() for n in s.walk() if isinstance(n, Read)}
    given = dict(of_dict(body, "params"))
    more = [n for name, n in of_dict(forward.body, "params") if name in reads - {*given}]
    first = next((k for k, n in enumerate(body) if isinstance(n, Assign)), 0)
    return [*body[:first], *more, *body[first:]]


def _before(body: Iterable[Node], name: str, step: Step) -> Iterator[Node]:
    """Statements with a step before the first that speaks of what it computes."""
    left = True
    for node in body:
        if left and any(_is_of(n, name) for n in node.walk()):
            left = False
            if isinstance(node, OnRequest):
                yield replace(node, body=tuple(_before(node.body, name, step)))
                continue
            yield step
        yield node


def _is_of(node: Node, name: str) -> bool:
    return isinstance(node, (Read, Ref)) and node.name == name and not getattr(node, "held", "")
