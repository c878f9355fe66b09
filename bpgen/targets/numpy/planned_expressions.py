"""What a planned program looks at, as numpy."""

from __future__ import annotations

from typing import Any, ClassVar

import sympy as sp

from bpgen.planning.nodes import Matrix, NamedView, Ones
from bpgen.program import grammar as program
from bpgen.program.grammar import Axes, Expr
from bpgen.targets.numpy.alignment import Array, atom
from bpgen.targets.numpy.expressions import Expressions
from bpgen.targets.numpy.subscripts import written
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
        if not node.shape:
            return self.transposed(array, node.axes)
        memory = (*node.columns, *node.rows) if node.transposed else node.axes
        array = self.transposed(array, memory)
        text = array.bracketed().method("reshape", map(written, node.shape), "move")
        return Array(text + ".T" if node.transposed else text, ATOM, node.axes)


PlannedExpressions.rows |= {
    Matrix: PlannedExpressions.matrix,
    program.Contract: PlannedExpressions.contract,
    Ones: lambda self, node: atom(node.name, node.axes),
    NamedView: lambda self, node: atom(node.name, node.axes),
}
