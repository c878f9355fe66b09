"""The reverse sweep: adjoints closed last to first, each simplified, recorded, and stored or
written on.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import sympy as sp

from bpgen.atoms import atoms
from bpgen.derive.calculus import Known, derivative
from bpgen.derive.chain import Link, contributions, path
from bpgen.derive.closed import ClosedForms
from bpgen.derive.simplify import combined, factored_out, tidy
from bpgen.derive.steps import Received, by_place, stepwise
from bpgen.derive.storing import is_carried, is_constant, is_inlined
from bpgen.equations.letters import lettered
from bpgen.functions import Convention, row
from bpgen.ir import Element, Equation, Index, Loop, Network, Term, element, elements, length
from bpgen.names import adjoint_name
from bpgen.record import Line, Path, Reason, Step


class Sweep:
    """The state of one sweep: what each tensor has received so far. Its cost is linear in the
    equations.
    """

    def __init__(self, network: Network, equations: list[Equation]) -> None:
        self.network, self.equations = network, equations
        self.known = Known(network)
        self.declared = {name: k for k, name in enumerate(network.tensors)}
        self.wanted = _differentiable(network, equations)
        self.received: dict[str, list[Term]] = {}
        self.paths: dict[str, list[Path]] = {}
        self.readers = _readers(equations)
        self.steps: list[Step] = []
        self.closed = ClosedForms(network)
        self.named = _adjoint_names(network, self.wanted)
        self.factored: dict[tuple[Term, ...], tuple[tuple[Term, ...], tuple[str, ...]]] = {}
        self.late: set[str] = set()  # those whose adjoint is finished after what reads it
        self.members: dict[Loop, set[str]] = {}  # the adjoints of each loop
        bodies = (t.body for e in equations for t in e.terms)
        self.called = {type(c).__name__ for body in bodies for c in atoms(body, sp.Function)}
        for equation in equations:
            if equation.loop is not None and equation.name in self.named:
                own = self.members.setdefault(equation.loop, set())
                own.add(self.named[equation.name])

    def run(self) -> None:
        """From the loss, or from every output, back to parameters and inputs."""
        for name in (self.network.loss,) if self.network.loss else self.network.outputs:
            self._seed(name)
        for group in reversed(_together(self.equations)):
            self._sweep(group)
            for equation in reversed(group):
                for leaf in sorted(
                    dict.fromkeys(e.name for e in equation.reads()), key=self._leaf_order
                ):
                    self._read_once(leaf, group[0].loop)
        self.steps = self._without_unread()

    def _sweep(self, group: list[Equation]) -> None:
        """One equation, or those of a loop. An adjoint that receives more from the others, as
        that of what is carried from step to step does, is finished last and stands first.
        """
        late: list[tuple[int, Equation]] = []
        reached = self._reached(group) & self.wanted
        for k, equation in reversed([*enumerate(group)]):
            if equation.name not in reached:
                continue
            if equation.loop is not None and self._receives_more(equation, group[: k + 1]):
                late.append((len(self.steps), equation))
                self.late.add(equation.name)
                indices = self.network.tensors[equation.name].indices
                self.received.setdefault(equation.name, [])
                self._pass_on(equation, (Term(element(self.named[equation.name], indices)),))
            else:
                self._pass_on(equation, self._close(equation.name, equation))
        for place, equation in reversed(late):
            self._close(equation.name, equation, named=True)
            self.steps.insert(place, self.steps.pop())

    def _receives_more(self, equation: Equation, later: list[Equation]) -> bool:
        """Whether it receives more from equations of its loop whose adjoints come after it."""
        read = any(e.name == equation.name for other in later for e in other.reads())
        return read or is_carried(equation, self.network)

    def _reached(self, group: list[Equation]) -> set[str]:
        """Those of a group that the loss depends on: through what is finished, or through others of
        their loop.
        """
        found, waiting = set[str](), [e for e in group if e.name in self.received]
        while waiting:
            equation = waiting.pop()
            found.add(equation.name)
            read = {e.name for e in equation.reads()} - found if equation.loop else set()
            waiting += [e for e in group if e.name in read]
        return found

    def _read_once(self, leaf: str, loop: Loop | None) -> None:
        """One reader less to wait for; a parameter or input without any is finished."""
        self.readers[leaf] -= 1
        if self.readers[leaf] == 0 and leaf in self.wanted and not self._is_computed(leaf):
            reached = any(t.body != 0 for t in self.received.get(leaf, ()))
            of_block = self.network.tensors[leaf].block and reached
            self.received.setdefault(leaf, [Term(sp.S.Zero)])
            self._close(leaf, None, loop if of_block else None)

    def _seed(self, name: str) -> None:
        """dL/dL = 1; for an output without a loss, the upstream gradient that backward is given."""
        info = self.network.tensors[name]
        if info.block:  # what the last of the blocks hands on
            of_sample = info.indices[1:]
            last = length(info.indices[0].size) - 1
            one = Term(element(f"d_{name}", of_sample), (), "sum", (last, *of_sample))
        else:
            own = element(f"d_{name}", info.indices)
            one = Term(sp.S.One if name == self.network.loss else own)
        self.received.setdefault(name, []).append(one)

    def _is_computed(self, name: str) -> bool:
        return self.network.tensors[name].role == "value"

    def _leaf_order(self, name: str) -> tuple[bool, int]:
        """Parameters in the order of declaration, inputs last."""
        return self.network.tensors[name].role == "input", self.declared[name]

    def _close(
        self,
        name: str,
        equation: Equation | None,
        loop: Loop | None = None,
        named: bool = False,
    ) -> tuple[Term, ...]:
        """The finished adjoint of a tensor: simplified, recorded, and as later equations
        write it. What is of each block stands in the loop over the blocks. `named`: others read it
        by its name.
        """
        info, received = self.network.tensors[name], tuple(self.received[name])
        if name == self.network.loss:
            return received
        drafted = lettered(Equation(self.named[name], info.indices, received))
        loop = equation.loop if equation is not None else loop
        if loop is not None:
            drafted = stepwise(drafted, self._back(loop), self.members[loop])
        inlined = equation is not None and not named and self._is_inlined(equation, drafted)
        parts = [self._tidied(name, p, inlined) for p in by_place(drafted, info.carried)]
        stages = [
            lettered(replace(drafted, terms=tuple(t for p in parts for t in p.stages[k].terms)))
            for k in range(2)
        ]
        closed = stages[1]
        inlined = inlined and (len(closed.terms) == 1 or not any(t.over for t in closed.terms))
        if equation is not None and not named and not _written(closed):
            inlined |= is_constant(closed.terms)
        why = [tuple(dict.fromkeys(r for p in parts for r in p.reasons[k])) for k in range(2)]
        self._record(name, [drafted, *stages], why, inlined)
        return closed.terms if inlined else (Term(element(self.named[name], info.indices)),)

    def _tidied(self, name: str, part: Received, inlined: bool) -> _Tidied:
        """What is written at one place, simplified and then in closed form, and why."""
        terms, reasons = self._combined(part.equation.terms, inlined)
        tidied = replace(lettered(replace(part.equation, terms=terms)), loop=part.equation.loop)
        closed, why = self._in_closed_form(name, tidied)
        stages = tuple(
            replace(e, terms=tuple(replace(t, at=part.at) if part.at else t for t in e.terms))
            for e in (tidied, closed)
        )
        return _Tidied(stages, (reasons, why))

    def _combined(
        self, terms: tuple[Term, ...], inlined: bool
    ) -> tuple[tuple[Term, ...], tuple[str, ...]]:
        """Terms as they are written inside others, or stored. The first is asked for twice: whether
        it is to be, and then for itself.
        """
        if not inlined:
            return combined(terms, self.network, tidy)
        if terms not in self.factored:
            self.factored[terms] = combined(terms, self.network, factored_out)
        return self.factored[terms]

    def _in_closed_form(self, name: str, tidied: Equation) -> tuple[Equation, tuple[Reason, ...]]:
        """The equation with adjoints that are sums per row written inside it, and why."""
        terms, reasons = self.closed.form(name, tidied)
        if terms == tidied.terms:
            return tidied, ()
        return lettered(replace(tidied, terms=terms)), tuple(reasons)

    def _back(self, loop: Loop) -> Loop:
        """The same loop, in the other direction."""
        index = Index(loop.index.name, loop.index.size)
        return Loop(self.named[loop.name], index, not loop.reverse, loop.block)

    def _is_inlined(self, equation: Equation, drafted: Equation) -> bool:
        if _written(drafted) and _written(equation):
            return False  # what is received at one place says nothing of another
        terms, _ = self._combined(drafted.terms, True)
        read = [e for e in equation.reads() if e.name in self.wanted]
        steps = any(self.network.tensors[e.name].carried is not None for e in read)
        if steps and any(map(self._adds_blocks, terms)):
            return False  # what blocks add up is there after them, and not in the steps of a loop
        return is_inlined(equation, terms, read, self.network)

    def _adds_blocks(self, term: Term) -> bool:
        """Whether it is a sum over the blocks of a loop."""
        loops = (loop for loop in self.members if loop.block)
        own = {name for loop in loops for name in self.members[loop]}
        read = (e for e in elements(term.body) if e.name in own)
        return any(e.indices[0] in term.over for e in read)

    def _record(
        self,
        name: str,
        stages: list[Equation],
        reasons: list[tuple[Reason, ...]],
        inlined: bool,
    ) -> None:
        """The step, with a line for each stage of its equation that says something new."""
        closed = stages[-1]
        self.closed.keep(name, closed)
        lines = [Line(stages[0].terms)]
        for stage, why in zip(stages[1:], reasons, strict=True):
            if stage.terms != lines[-1].terms:
                lines.append(Line(stage.terms, why))
        paths = tuple(self.paths.get(name, ()))
        conventions = _conventions((p.value for p in paths), self.called)
        self.steps.append(Step(0, name, closed, paths, tuple(lines), inlined, conventions))

    def _without_unread(self) -> list[Step]:
        """The steps, where an adjoint that no equation reads any more is one written inside
        others.
        """
        steps: list[Step] = []
        late = (s for s in self.steps if s.of in self.late)
        read = {e.name for s in late for e in s.equation.reads()}
        for step in reversed(self.steps):
            unread = self._is_computed(step.of) and step.equation.name not in read
            steps.append(replace(step, inlined=step.inlined or unread))
            if not steps[-1].inlined:
                read.update(e.name for e in step.equation.reads())
        return steps[::-1]

    def _pass_on(self, equation: Equation, adjoint: tuple[Term, ...]) -> None:
        """Send the adjoint of one equation to everything that it reads."""
        for term in equation.terms:
            for access in elements(term.body):
                if access.name in self.wanted and not _is_inside_index(access, term.body):
                    link = Link(
                        equation, term, access, *derivative(equation, term, access, self.known)
                    )
                    if link.value != 0:
                        axes = self.network.tensors[access.name].indices
                        sent = list(contributions(link, adjoint, axes))
                        self.received.setdefault(access.name, []).extend(sent)
                        self.closed.passed_on(sent, access.name)
                        self.paths.setdefault(access.name, []).append(path(link, axes))


@dataclass(frozen=True)
class _Tidied:
    """The stages of one part, and the reasons of each."""

    stages: tuple[Equation, ...]
    reasons: tuple[tuple[Reason, ...], ...]


def _together(equations: list[Equation]) -> list[list[Equation]]:
    """The equations one by one, those of a loop together."""
    groups: list[list[Equation]] = []
    for equation in equations:
        if equation.loop is not None and groups and groups[-1][0].loop == equation.loop:
            groups[-1].append(equation)
        else:
            groups.append([equation])
    return groups


def _written(equation: Equation) -> bool:
    """Whether something of it is written at places of its own."""
    return any(t.at is not None for t in equation.terms)


def _is_inside_index(access: Element, body: sp.Expr) -> bool:
    """Read only as an index of another element."""
    outer = body.xreplace({e: sp.Dummy() for e in elements(body) if access in e.indices})
    return not outer.has(access)


def _differentiable(network: Network, equations: list[Equation]) -> set[str]:
    """What a parameter or a real input reaches, and so may have a gradient."""
    found = {
        t.name for t in network.tensors.values() if t.role in ("param", "input") and t.bound is None
    }
    before = -1
    while before < len(found):  # again where a recurrence reads what comes later
        before = len(found)
        for equation in equations:
            depends = any(e.name in found for e in equation.reads())
            if depends and equation.terms[0].reduce != "first":
                found.add(equation.name)
        if all(e.loop is None for e in equations):
            break
    return found


def _readers(equations: list[Equation]) -> dict[str, int]:
    """How many equations read each tensor."""
    count: dict[str, int] = {}
    for equation in equations:
        for name in dict.fromkeys(e.name for e in equation.reads()):
            count[name] = count.get(name, 0) + 1
    return count


def _adjoint_names(network: Network, wanted: set[str]) -> dict[str, str]:
    """The names of the adjoints, none of them a name that net.py uses."""
    named: dict[str, str] = {}
    taken = set(network.tensors)
    for name in network.tensors:
        if name in wanted:
            adjoint = adjoint_name(name)
            while adjoint in taken:
                adjoint = f"{adjoint}_"
            named[name] = adjoint
            taken.add(adjoint)
    return named


def _conventions(values: Iterable[sp.Expr], called: set[str]) -> tuple[Convention, ...]:
    """The subgradients that the local derivatives rely on, of functions that are called."""
    found: dict[Convention, None] = {}
    for value in values:
        for call in sorted(atoms(value, sp.Function), key=str):
            known = row(call)
            said = known.conventions if known is not None else ()
            found |= dict.fromkeys(c for c in said if c.of in called | {""})
    return tuple(found)
