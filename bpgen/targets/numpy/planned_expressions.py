"""What a planned program looks at, as numpy."""

from __future__ import annotations

from typing import Any, ClassVar

import sympy as sp

from bpgen.ir import length
from bpgen.planning.nodes import Matrix, NamedView, Ones
from bpgen.program import grammar as program
from bpgen.program.grammar import Axes, Expr
from bpgen.targets.numpy.alignment import Array, atom
from bpgen.targets.numpy.expressions import Expressions
from bpgen.text.document import ATOM, Code
from bpgen.text.scalar import Printer


class PlannedExpressions(Expressions):
    """Prints what a planned program looks at."""

    rows: ClassVar = {**Expressions.rows}

    def number(self, number: Any) -> Code:
        printer = Printer(lambda e: self.lined(program.Read(e.name, ()), ()), self.order)
        return printer.text(number).text

    def contract(self, node: program.Contract) -> Array:
        """Of two vectors, the quicker of numpy's products."""
        if len(node.operands) == 2 and node.over and not node.axes:
            one, two = map(self.array, node.operands)
            if one.axes == two.axes == node.over and len(node.over) == 1:
                return atom(one.bracketed().method("dot", [two.text]), ())
        return super().contract(node)

    def argument(self, operand: Expr | sp.Expr, axes: Axes) -> Code:
        if isinstance(operand, Expr):
            return self.lined(operand, axes).text
        return self.number(operand)

    def matrix(self, node: Matrix) -> Array:
        array = self.array(node.array)
        rows, columns = node.rows, node.columns
        if len(rows) > 1 or len(columns) > 1:
            groups = [g for g in ((columns, rows) if node.transposed else (rows, columns)) if g]
            array = self.transposed(array, tuple(i for g in groups for i in g))
            text = array.bracketed().method("reshape", _sizes(groups), "move")
            return Array(text + ".T" if node.transposed else text, ATOM, node.axes)
        return self.transposed(array, node.axes)


def _sizes(groups: list[Axes]) -> list[str]:
    """The lengths of grouped axes; one of them numpy finds out."""
    sizes = [sp.Mul(*(length(i.size) for i in g)) for g in groups]
    free = next((k for k, s in enumerate(sizes) if not s.is_Integer), 0)
    return ["-1" if k == free else str(s) for k, s in enumerate(sizes)]


PlannedExpressions.rows |= {
    Matrix: PlannedExpressions.matrix,
    program.Contract: PlannedExpressions.contract,
    Ones: lambda self, node: atom(node.name, node.axes),
    NamedView: lambda self, node: atom(node.name, node.axes),
}
