"""Trees of calls lowered: what each computes on the way, and in which memory."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import replace

import sympy as sp

from bpgen.formulas.bodies import added, tree_of
from bpgen.formulas.reading import Unread
from bpgen.formulas.tree import Call, Tree, compares, leaves
from bpgen.ir import Element, element
from bpgen.planning.lowering.emitter import Emitter
from bpgen.planning.nodes import Apply, HelperCall, Where
from bpgen.planning.views import is_constant, number_of, varying_axes
from bpgen.program import grammar as program
from bpgen.program.grammar import Axes, Expr, Map, Read
from bpgen.program.memory import looks_at

Operands = Mapping[Element, Expr]


class Trees(Emitter):
    """Writes the calls of trees, whose operands are values."""

    @abstractmethod
    def operand(self, value: Expr, whole: bool = False) -> Expr:
        """The value as an array that is there; `whole`: also along axes where it stays the same."""

    def _map(self, at: Expr, value: Map) -> None:
        try:
            tree = tree_of(value.body)
        except Unread:
            operands = tuple((e, self.operand(x)) for e, x in value.operands)
            return self.put(at, replace(value, operands=operands))
        self.compute(tree, at, dict(value.operands))

    def _total(self, at: Expr, value: program.Total) -> None:
        addends = [*value.addends, *([value.last] if value.last is not None else [])]
        operands: dict[Element, Expr] = {}
        signed: list[tuple[bool, Tree]] = []
        for k, addend in enumerate(addends):
            negative = isinstance(addend, Map) and bool(addend.body.could_extract_minus_sign())
            if negative:
                assert isinstance(addend, Map)
                addend = replace(addend, body=-addend.body)
            place = element(f"<addend {k}>", ())
            operands[place] = addend
            signed.append((negative, place))
        self.compute(added(signed), at, operands)

    def compute(self, tree: Tree, at: Expr, operands: Operands) -> None:
        """Statements that leave at a place what a tree comes to."""
        if not isinstance(tree, Call):
            if isinstance(tree, Element):
                return self.into(at, operands[tree])
            return self.put(at, Map(tree, (), ()))
        if tree.name == "where":
            return self._where(tree, at, operands)
        if tree.own:
            return self._helper_call(tree, at, operands)
        arguments = self._arguments(tree, at, operands)
        self.put(at, Apply(tree.name, arguments, at.axes))

    def _helper_call(self, tree: Call, at: Expr, operands: Operands) -> None:
        """A function of the module: all that it is given has the axes of what it computes."""
        own = {*self._axes(tree, operands)}
        if own != {*at.axes}:
            self.put(at, self._beside(tree, at, operands))
            return
        arguments = self._arguments(tree, at, operands)
        helper = self.helper(tree.name)
        if helper is None or _are_arrays(arguments, helper.numbers):
            self.put(at, HelperCall(tree.name, arguments, at.axes, None))
            return
        given = tuple(
            a if number else self._broadcast(a, at)
            for a, number in zip(arguments, helper.numbers, strict=True)
        )
        scratch = tuple(self.scratch.near(at, at.axes, kind) for kind in helper.scratch)
        self.put(at, HelperCall(tree.name, given, at.axes, scratch))

    def _broadcast(self, argument: Expr | sp.Expr, at: Expr) -> Expr:
        """An argument along all axes of a place."""
        if isinstance(argument, Expr) and {*argument.axes} == {*at.axes}:
            return argument
        made = self.scratch.near(at, at.axes)
        value = argument if isinstance(argument, Expr) else Map(argument, (), ())
        self.put(made, value)
        return made

    def _arguments(self, tree: Call, at: Expr, operands: Operands) -> tuple[Expr | sp.Expr, ...]:
        """What a call is given; the first that has all axes is computed where the result will be,
        unless that is a part of an array that a loop goes to: it is found once.
        """
        found: list[Expr | sp.Expr] = []
        free = not any(looks_at(operands[e]) == looks_at(at) for e in leaves(tree))
        free = free and self.kind(at) == "real" and not tree.own
        free = free and not (self.in_loop and self.layouts.memory(at) is None)
        full = (
            a
            for a in tree.args
            if self._is_computed(a, operands) and {*self._axes(a, operands)} == {*at.axes}
        )
        number = tree.name == "maximum"  # where a comparison is as good as 0 or 1
        here = next((a for a in full if free and (number or not compares(a))), None)
        for argument in tree.args:
            if not self._is_computed(argument, operands):
                found.append(self._leaf(argument, operands))
            elif argument is here:
                self.compute(argument, at, operands)
                found.append(at)
                here = None
            else:
                found.append(self._beside(argument, at, operands))
        return tuple(self._alike(at, a) for a in found)

    def _alike(self, at: Expr, argument: Expr | sp.Expr) -> Expr | sp.Expr:
        """An argument whose axes stand in memory as those of the result, or else a copy: to go
        through two layouts at once is many times slower.
        """
        if not isinstance(argument, Expr):
            return argument
        own = [i for i in varying_axes(argument) if i.size != 1]
        if self.layouts.is_declared(at) and self.layouts.is_declared(argument):
            return argument
        memory, stands = ([i for i in self.layouts.of(x) if i in own] for x in (at, argument))
        if memory == stands:
            return argument
        copy = self.scratch.near(at, tuple(i for i in argument.axes if i in varying_axes(argument)))
        self.put(copy, argument)
        return copy

    def _beside(self, tree: Tree, at: Expr, operands: Operands) -> Read:
        """What a tree comes to, in memory of its own."""
        own = {*self._axes(tree, operands)}
        axes = tuple(i for i in at.axes if i in own)
        array = self.scratch.near(at, axes, "mask" if compares(tree) else "real")
        self.compute(tree, array, operands)
        return array

    def _where(self, tree: Call, at: Expr, operands: Operands) -> None:
        condition, value, other = tree.args
        if not compares(condition):
            condition = Call("not_equal", (condition, sp.S.Zero))
        self.compute(other, at, operands)
        holds, there = (
            self._leaf(a, operands)
            if not self._is_computed(a, operands)
            else self._beside(a, at, operands)
            for a in (condition, value)
        )
        assert isinstance(holds, Expr)
        self.put(at, Where(there, holds, at.axes))

    def _leaf(self, tree: Tree, operands: Operands) -> Expr | sp.Expr:
        assert not isinstance(tree, Call)
        if not isinstance(tree, Element):
            return tree
        number = number_of(operands[tree])
        return self.operand(operands[tree]) if number is None else number

    def _is_computed(self, tree: Tree, operands: Operands) -> bool:
        """Whether memory is needed for what a tree comes to."""
        if not isinstance(tree, Element):
            return isinstance(tree, Call)
        return looks_at(operands[tree]) is None and not is_constant(operands[tree])

    def _axes(self, tree: Tree, operands: Operands) -> Axes:
        return tuple(dict.fromkeys(i for e in leaves(tree) for i in varying_axes(operands[e])))


def _are_arrays(arguments: Iterable[Expr | sp.Expr], numbers: Iterable[bool]) -> bool:
    """Whether one of what should be numbers is an array."""
    pairs = zip(arguments, numbers, strict=True)
    return any(number and isinstance(a, Expr) and bool(a.axes) for a, number in pairs)
