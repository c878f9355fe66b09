"""Sums, products and powers, and the commands of LaTeX that formulas are made with."""

from __future__ import annotations

from collections.abc import Callable

from bpgen.check.page.formula import (
    Call,
    Cases,
    Derivative,
    Indicator,
    Negative,
    Node,
    Norm,
    Number,
    Over,
    Power,
    Product,
    Quotient,
    Sum,
    Symbol,
    Transposed,
)
from bpgen.check.page.grammar.conditions import COMPARED, Conditions
from bpgen.check.page.tokens import Unreadable, word

_OPERATORS = {  # functions that stand before their argument without parentheses, too
    *(r"\log", r"\exp", r"\tanh", r"\sin", r"\cos", r"\tan", r"\sinh", r"\cosh", r"\arctan"),
    *(r"\max", r"\min"),
}
_LETTERED = {r"\sigma", r"\zeta", r"\Phi", r"\varphi"}  # functions that tensors may be called, too
_CLOSING = {")", "]", "}", "", ",", "&", r"\\", r"\rvert", r"\rVert", r"\quad", r"\end"}
_STOPS = {*_CLOSING, *COMPARED, "+", "-", r"\odot"}


class Parser(Conditions):
    """Reads formulas."""

    def sum(self) -> Node:
        addends = [self._signed()]
        while self.next in ("+", "-"):
            addends.append(self._signed())
        return addends[0] if len(addends) == 1 else Sum(tuple(addends))

    def _signed(self) -> Node:
        if self.accept("-"):
            return Negative(self._term())
        self.accept("+")
        return self._term()

    def _term(self) -> Node:
        """Products entry by entry of products side by side."""
        parts = [self._juxtaposed()]
        while self.accept(r"\odot"):
            parts.append(self._juxtaposed())
        return parts[0] if len(parts) == 1 else Product(tuple(parts), entrywise=True)

    def _juxtaposed(self) -> Node:
        factors = [self._factor()]
        while self.next not in _STOPS and not self.next.startswith(r"\text{"):
            self.accept(r"\cdot")
            factors.append(self._factor())
        return factors[0] if len(factors) == 1 else Product(tuple(factors))

    def _factor(self) -> Node:
        found = self._atom()
        while self.accept("^"):
            inner = self.group()
            if inner == [r"\top"]:
                found = Transposed(found)
            else:
                found = Power(found, self.inside(inner).whole())
        return found

    def _atom(self) -> Node:
        token = self.next
        if token in _COMMANDS:
            self.take()
            return _COMMANDS[token](self)
        if token[:1].isdigit():
            return Number(float(self.take()))
        if (named := word(token)) is not None and named[0] == "operatorname":
            self.take()
            return self._call(named[1])
        symbol = self.symbol()
        if self._is_function(token, symbol):
            return self._call(f"{symbol.accent}{symbol.stem}")
        if symbol == Symbol("e") and self.next == "^" and not self.called(symbol):
            self.take()
            return Call("exp", (self.inside(self.group()).whole(),))
        return symbol

    # functions

    def _is_function(self, token: str, symbol: Symbol) -> bool:
        tilde = symbol.accent == "tilde" and symbol.stem in ("Phi", "varphi")
        bare = symbol == Symbol(symbol.stem, symbol.accent)
        known = bare and (token in _LETTERED or tilde)
        return known and not self.called(symbol) and self.next in ("(", "'")

    def _call(self, name: str) -> Node:
        if name == "max" and self.accept("_"):
            return Over("max", self.inside(self.group()).under(), self._term())
        prime = self.accept("'")
        arguments = self._arguments(name)
        at: tuple[Node, ...] = ()
        if name == "softmax" and self.accept("_"):
            at = self.inside(self.group()).subscripts()
        return Call(name, arguments, prime, at)

    def _arguments(self, name: str) -> tuple[Node, ...]:
        r"""In parentheses or without them; `\log (b)_1` is of an entry."""
        if name == "log" and self.accept(r"\cosh"):
            return (Call("cosh", self.parenthesis()),)
        if name == "log" and self.accept(r"\sum"):
            return (self._sum_over(),)
        start = self.place
        if self.next == "(":
            found = self.parenthesis()
            if self.next != "_" or name == "softmax":
                return found
            self.place = start
        return (self._factor(),)

    # commands

    def _sum_over(self) -> Node:
        self.take("_")
        under = self.inside(self.group()).under()
        return Over("sum", under, self._term())

    def _parentheses(self) -> Node:
        found = self.sum()
        self.take(")")
        return self.entry(found) if isinstance(found, Symbol) and self.next == "_" else found

    def _fraction(self) -> Node:
        top, bottom = self.group(), self.group()
        if top[:1] == [r"\partial"] and bottom[:1] == [r"\partial"]:
            return self._derivative(top[1:], bottom[1:])
        return Quotient(self.inside(top).whole(), self.inside(bottom).whole())

    def _derivative(self, top: list[str], bottom: list[str]) -> Node:
        immediate = top[:4] == ["^", "{", "+", "}"]
        top = top[4:] if immediate else top
        by = self.inside(bottom)
        wrt = by.symbol()
        by.end()
        of = self.inside(top).whole() if top else self._operand()
        return Derivative(of, wrt, immediate)

    def _operand(self) -> Node:
        """What stands after a derivative, with its sign."""
        return Negative(self._term()) if self.accept("-") else self._term()

    def _root(self) -> Node:
        return Power(self.inside(self.group()).whole(), Number(0.5))

    def _absolute(self) -> Node:
        found = self.sum()
        self.take(r"\rvert")
        return Call("abs", (found,))

    def _norm(self) -> Node:
        found = self.sum()
        self.take(r"\rVert")
        if self.accept("_"):
            self.group() if self.next == "{" else self.take("F")
        self.take("^")
        if self.group() != ["2"]:
            raise Unreadable("a norm that is not squared")
        return Norm(found)

    def _bold(self) -> Node:
        inner = self.group()
        if inner == ["e"]:
            return self.decorated(Symbol("bold e"))
        if inner != ["1"]:
            raise Unreadable("a bold letter")
        self.take("[")
        found = self.conditions()
        self.take("]")
        return Indicator(found[0] if len(found) == 1 else found)

    def _cases(self) -> Node:
        if self.group() != list("cases"):
            raise Unreadable("an environment")
        self._unfold()
        rows: list[tuple[Node, tuple[Node, ...] | None]] = []
        while self.next != r"\end":
            value = self.sum()
            self.take("&")
            if self.accept(r"\text{otherwise}"):
                rows.append((value, None))
            else:
                self.take(r"\text{if }")
                rows.append((value, self.conditions()))
            self.accept(r"\\")
        self.take(r"\end")
        self.group()
        return Cases(tuple(rows))

    def _unfold(self) -> None:
        """Conditions whose words go on below are read as if they stood on one line."""
        rest = self.tokens[self.place :]
        folds = {
            k + step
            for k in range(len(rest) - 2)
            if rest[k : k + 2] == [r"\\", "&"] and rest[k + 2].startswith(r"\text{ ")
            for step in (0, 1)
        }
        self.tokens = [
            *self.tokens[: self.place],
            *(t for k, t in enumerate(rest) if k not in folds),
        ]

    def _infinity(self) -> Node:
        return Symbol("infinity")

    def _pi(self) -> Node:
        """The number, unless a tensor is called so, or by it and what stands at it."""
        after = self.place
        self.place -= 1
        symbol = self.symbol()
        if self.called(symbol):
            return symbol
        self.place = after
        return Symbol("circle")


def _applied(command: str) -> Callable[[Parser], Node]:
    return lambda parser: parser._call(command.lstrip("\\"))


_COMMANDS: dict[str, Callable[[Parser], Node]] = {
    "(": Parser._parentheses,
    r"\frac": Parser._fraction,
    r"\tfrac": Parser._fraction,
    r"\sqrt": Parser._root,
    r"\lvert": Parser._absolute,
    r"\lVert": Parser._norm,
    r"\sum": Parser._sum_over,
    r"\mathbf": Parser._bold,
    r"\begin": Parser._cases,
    r"\infty": Parser._infinity,
    r"\pi": Parser._pi,
    **{name: _applied(name) for name in sorted(_OPERATORS)},
}
