"""Statements of the program by the array API standard: what is stored is given back, as jax changes
no array.
"""

from __future__ import annotations

from itertools import takewhile

from bpgen.program import grammar as program
from bpgen.targets.array_api.expressions import Expressions, ahead
from bpgen.targets.numpy.expressions import tuple_of
from bpgen.targets.numpy.layout import call
from bpgen.targets.numpy.statements import Statements as Numpy
from bpgen.targets.numpy.subscripts import base_of, subscripted
from bpgen.targets.numpy.text import names_in
from bpgen.text.scalar import SUM, bracketed


class Statements(Numpy):
    """Prints statements; `AT[...]` is a place."""

    expressions: Expressions
    types = {**Numpy.types, "array": "Array", "float": "Array"}  # noqa: RUF012

    def body(self, of: program.Function) -> list[str]:
        """The library, and the device, are asked of what is given once that is let in."""
        guards = [*takewhile(lambda node: isinstance(node, program.Guard), of.body)]
        rest = self.lines(of.body[len(guards) :])
        given = ", ".join(a.name for a in of.arguments if a.kind in ("arrays", "array"))
        asked = {"xp": f"xp = _of({given})", "on": f"on = _on({given})"}
        spoken = names_in(rest)
        self.expressions.called |= {"_on"} & {f"_{n}" for n in spoken}
        return [*self.lines(guards), *(asked[n] for n in asked if n in spoken), *rest]

    def store(self, node: program.Store, indent: int) -> list[str]:
        """What is written backwards is turned round first, when it is as long as its place."""
        assert isinstance(node.at, (program.Slice, program.Gather))
        say, how = self.expressions, "_add" if node.adds else "_put"
        value = say.lined(node.value, node.at.axes)
        at, back = ahead(node.at)
        if not back:
            return self._changed(how, at, value.text, indent)
        like = f"xp.zeros_like({say.text(at.array)}{self._place(at)})".replace("[...]", "")
        places = map(node.at.axes.index, back)
        turned = say.flipped(f"{like} + {bracketed(value, SUM)}", places)
        return self._changed(how, at, turned, indent)

    def scatter_add(self, node: program.ScatterAdd, indent: int) -> list[str]:
        value = self.expressions.lined(node.value, node.at.axes).text
        return self._changed("_add_at", node.at, value, indent)

    def _changed(
        self, how: str, at: program.View | program.Gather, value: str, indent: int
    ) -> list[str]:
        """An array in whose place a changed one stands from here on; so it is of a part's array."""
        say, whole = self.expressions, at.array
        say.called.add(how)
        given = [say.text(whole), f"AT{self._place(at)}", value]
        if not isinstance(whole, program.View):
            return call(f"{say.text(whole)} = {how}", given, "", indent)
        changed = f"{how}({', '.join(given)})"
        return self._changed("_put", whole, changed, indent)

    def _place(self, at: program.View | program.Gather) -> str:
        if isinstance(at, program.Gather):
            return subscripted(self.expressions.places(at)) or "[...]"
        return base_of(at, "") or "[...]"

    def loop(self, node: program.Loop, indent: int) -> list[str]:
        """A loop within a loop for each index."""
        if len(node.indices) == 1:
            return super().loop(node, indent)
        first, *others = node.indices
        inner = program.Loop(tuple(others), node.body, node.reverse)
        return super().loop(program.Loop((first,), (inner,), node.reverse), indent)

    def draw(self, node: program.Draw, indent: int) -> list[str]:
        self.expressions.called.add("dropout")
        shape, like = tuple_of([str(s) for s in node.sizes]), self.expressions.ref(node.like)
        return call(f"{node.name} = dropout", ["rng", shape, repr(node.keep), like], "", indent)

    def give(self, node: program.Return, indent: int) -> list[str]:
        first = node.values[0]
        if isinstance(first, program.Number):
            return [f"return {first.array}"]
        return super().give(node, indent)

    rows = {  # noqa: RUF012
        **Numpy.rows,
        program.Store: store,
        program.ScatterAdd: scatter_add,
        program.Loop: loop,
        program.Draw: draw,
        program.Return: give,
    }
