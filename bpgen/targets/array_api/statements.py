"""Statements of the program by the array API standard: what is stored is given back, as jax changes
no array.
"""

from __future__ import annotations

from itertools import takewhile

from bpgen.program import grammar as program
from bpgen.targets.array_api.expressions import Expressions
from bpgen.targets.array_api.forwards import Access, Flip
from bpgen.targets.numpy.layout import call
from bpgen.targets.numpy.statements import Statements as Numpy
from bpgen.targets.numpy.subscripts import base_of, subscripted
from bpgen.text.document import SUM, Code, called
from bpgen.text.scalar import bracketed


class Statements(Numpy):
    """Prints statements; `AT[...]` is a place."""

    expressions: Expressions
    types = {**Numpy.types, "array": "Array", "float": "Array"}  # noqa: RUF012

    def body(self, of: program.Function) -> list[str]:
        """The library, and the device, are asked of what is given once that is let in."""
        guards = [*takewhile(lambda node: isinstance(node, program.Guard), of.body)]
        used = self.expressions.names_used
        used.clear()
        rest = self.lines(of.body[len(guards) :])
        given = ", ".join(a.name for a in of.arguments if a.kind in ("arrays", "array"))
        asked = {"xp": f"xp = _of({given})", "on": f"on = _on({given})"}
        self.expressions.used |= {f"_{n}" for n in used & {"on"}}
        return [*self.lines(guards), *(asked[n] for n in asked if n in used), *rest]

    def store(self, node: program.Store, indent: int) -> list[str]:
        """What is turned round on its way is as long as its place first."""
        say, how = self.expressions, "_add" if node.adds else "_put"
        value = say.lined(node.value, node.at.axes)
        text = value.text
        if isinstance(node.at, Flip):
            like = called(say.of("zeros_like"), [say.text(node.at.array)])
            text = like.by("+", bracketed(value, SUM))
        return self._changed(how, node.at, text, indent)

    def scatter_add(self, node: program.ScatterAdd, indent: int) -> list[str]:
        value = self.expressions.lined(node.value, node.at.axes).text
        return self._changed("_add_at", node.at, value, indent)

    def _changed(self, how: str, at: program.Expr, value: Code, indent: int) -> list[str]:
        """An array in whose place a changed one stands from here on; so it is of a part's array."""
        say = self.expressions
        if isinstance(at, Flip):
            return self._changed(how, at.array, say.flipped(value, at), indent)
        assert isinstance(at, Access)
        whole = at.array
        say.used.add(how)
        given = [say.text(whole), self._place(at), value]
        if not isinstance(whole, (program.View, Flip)):
            return call(f"{say.text(whole)} = {how}", given, "", indent)
        return self._changed("_put", whole, called(how, given), indent)

    def _place(self, at: Access) -> Code:
        if isinstance(at, program.Gather):
            place = subscripted("AT", self.expressions.subscript(at))
        else:
            place = base_of(at, "AT")
        return place + "[...]" * place.is_word

    def like(self, array: program.Ref) -> str:
        """Noise is drawn where an array is, too."""
        return self.expressions.ref(array)

    def number(self, array: str) -> list[str]:
        return [f"return {array}"]

    rows = {  # noqa: RUF012
        **Numpy.rows,
        program.Store: store,
        program.ScatterAdd: scatter_add,
    }
