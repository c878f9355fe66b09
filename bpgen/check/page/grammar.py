"""Formulas as bpgen prints them, read into a tree."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from bpgen.check.page.formula import (
    Beside,
    Call,
    Cases,
    Derivative,
    First,
    Gives,
    Indicator,
    Negative,
    Node,
    Norm,
    Number,
    Over,
    Power,
    Product,
    Quotient,
    Relation,
    Sum,
    Symbol,
    Transposed,
    Under,
    numeral,
)
from bpgen.check.page.tokens import Unreadable, tokens, upright, word

ACCENTS = {r"\hat": "hat", r"\bar": "bar", r"\tilde": "tilde"}
FUNCTIONS = {
    *(r"\log", r"\exp", r"\tanh", r"\sin", r"\cos", r"\tan", r"\sinh", r"\cosh", r"\arctan"),
    *(r"\max", r"\min", r"\sigma", r"\zeta", r"\Phi", r"\varphi"),
}
COMPARED = {
    "=": "==",
    ">": ">",
    "<": "<",
    r"\ge": ">=",
    r"\le": "<=",
    r"\ne": "!=",
}
_LETTERS = """
    alpha beta gamma delta varepsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau
    upsilon varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega ell
"""
_GREEK = {f"\\{name}" for name in _LETTERS.split()}
_CLOSING = {")", "]", "}", "", ",", "&", r"\\", r"\rvert", r"\rVert", r"\quad", r"\end"}
_GIVES, _AT = r"\text{ gives }", r"\text{ at }"
_TEXTS = (r"\text{",)


class Parser:
    """Reads one formula from tokens; `called` are the symbols that are tensors, though they look
    like functions.
    """

    def __init__(self, found: Sequence[str], called: Callable[[Symbol], bool]) -> None:
        self.tokens, self.place, self.called = list(found), 0, called

    @property
    def next(self) -> str:
        return self.tokens[self.place] if self.place < len(self.tokens) else ""

    def take(self, wanted: str | None = None) -> str:
        token = self.next
        if wanted is not None and token != wanted:
            raise Unreadable(f"{wanted} expected before {' '.join(self.tokens[self.place :])!r}")
        self.place += 1
        return token

    def accept(self, token: str) -> bool:
        if self.next != token:
            return False
        self.place += 1
        return True

    def group(self) -> list[str]:
        """The tokens in braces."""
        self.take("{")
        start, depth = self.place, 1
        while depth:
            token = self.take()
            if not token:
                raise Unreadable("a brace is not closed")
            depth += {"{": 1, "}": -1}.get(token, 0)
        return self.tokens[start : self.place - 1]

    def inside(self, found: Sequence[str]) -> Parser:
        return Parser(found, self.called)

    def whole(self) -> Node:
        """The one formula that all tokens are."""
        found = self.sum()
        self.end()
        return found

    def end(self) -> None:
        if self.next:
            raise Unreadable(f"cannot go on at {' '.join(self.tokens[self.place :])!r}")

    # sums and products

    def sum(self) -> Node:
        addends = [self._signed()]
        while self.next in ("+", "-"):
            addends.append(self._signed())
        return addends[0] if len(addends) == 1 else Sum(tuple(addends))

    def _signed(self) -> Node:
        if self.accept("-"):
            return Negative(self.term())
        self.accept("+")
        return self.term()

    def term(self) -> Node:
        """Products entry by entry of products side by side."""
        parts = [self._juxtaposed()]
        while self.accept(r"\odot"):
            parts.append(self._juxtaposed())
        return parts[0] if len(parts) == 1 else Product(tuple(parts), entrywise=True)

    def _juxtaposed(self) -> Node:
        factors = [self.factor()]
        while self._goes_on():
            self.accept(r"\cdot")
            factors.append(self.factor())
        return factors[0] if len(factors) == 1 else Product(tuple(factors))

    def _goes_on(self) -> bool:
        token = self.next
        stops = token in _CLOSING or token in COMPARED or token in ("+", "-", r"\odot")
        return not stops and not token.startswith(_TEXTS)

    def factor(self) -> Node:
        found = self.atom()
        while self.next == "^":
            self.take()
            inner = self.group()
            if inner == [r"\top"]:
                found = Transposed(found)
            else:
                found = Power(found, self.inside(inner).whole())
        return found

    # atoms

    def atom(self) -> Node:
        token = self.next
        rule = _RULES.get(token)
        if rule is not None:
            self.take()
            return rule(self)
        if token[:1].isdigit():
            self.take()
            return Number(float(token))
        if (named := word(token)) is not None and named[0] == "operatorname":
            self.take()
            return self._call(named[1])
        symbol = self.symbol()
        if self._is_function(token, symbol):
            return self._call(_name(symbol))
        if symbol == Symbol("e") and self.next == "^" and not self.called(symbol):
            self.take()
            return Call("exp", (self.inside(self.group()).whole(),))
        return symbol

    def _is_function(self, token: str, symbol: Symbol) -> bool:
        bare = symbol == Symbol(symbol.stem, symbol.accent)
        if not bare or token in (r"\ell",):
            return False
        known = token in FUNCTIONS or (
            symbol.accent == "tilde" and symbol.stem in ("Phi", "varphi")
        )
        applied = self.next in ("(", "'")
        return known and not self.called(symbol) and (applied or token in _OPERATORS)

    def symbol(self) -> Symbol:
        token = self.take()
        if token == "(":
            whole = self.symbol()
            self.take(")")
            return self._entry(whole)
        accent = ""
        if token in ACCENTS:
            accent = ACCENTS[token]
            inner = self.inside(self.group() if self.next == "{" else [self.take()])
            token = inner.take()
            if token in ACCENTS:  # an upstream gradient's bar over a hat
                accent += " " + ACCENTS[token]
                inner = self.inside(inner.group())
                token = inner.take()
            inner.end()
        named = word(token)
        if named is not None and named[0] == "mathrm":
            stem = upright(named[1])
        elif token == r"\mathbf":
            stem = "bold " + "".join(self.group())
        elif token in _GREEK or (len(token) == 1 and token.isalpha()):
            stem = token.lstrip("\\")
        else:
            raise Unreadable(f"no symbol: {token!r}")
        return self._decorated(Symbol(stem, accent))

    def _decorated(self, found: Symbol) -> Symbol:
        layer, block, transposed = "", None, False
        below: tuple[Node, ...] = ()
        seen = False
        while self.next in ("_", "^") or self.next == "'":
            if self.accept("'"):
                if self.next == "(":
                    self.place -= 1
                    break
                found = Symbol(found.stem + "'", found.accent)
                continue
            here = self.place
            mark = self.take()
            inner = self.group() if self.next == "{" else [self.take()]
            if mark == "_":
                if seen:
                    raise Unreadable("two subscripts")
                seen, below = True, self.inside(inner).subscripts()
            elif inner[:1] == ["["]:
                end = inner.index("]")
                layer, rest = "".join(inner[1:end]), inner[end + 1 :]
                transposed = transposed or rest == [r"\top"]
                if rest not in ([], [r"\top"]):
                    raise Unreadable("what stands above a symbol")
            elif inner == [r"\top"]:
                transposed = True
            elif inner[:1] == ["("] and _closes(inner) and found != Symbol("e"):
                end = _closes(inner)
                block, rest = self.inside(inner[1:end]).whole(), inner[end + 1 :]
                transposed = transposed or rest == [r"\top"]
                if rest not in ([], [r"\top"]):
                    raise Unreadable("what stands above a symbol")
            else:
                self.place = here
                break
        return Symbol(found.stem, found.accent, layer, block, transposed, below)

    def subscripts(self) -> tuple[Node, ...]:
        """What commas set apart; letters side by side as such."""
        parts: list[Node] = []
        while True:
            start, depth = self.place, 0
            while self.next and not (self.next == "," and depth == 0):
                depth += {"{": 1, "(": 1, "}": -1, ")": -1}.get(self.take(), 0)
            parts.append(self.inside(self.tokens[start : self.place]).subscript())
            if not self.accept(","):
                return tuple(parts)

    def subscript(self) -> Node:
        pieces = [t for t in self.tokens if t != "'"]
        if all(t in _GREEK or (len(t) == 1 and t.isalpha()) or t.isdigit() for t in pieces):
            digits = [c for t in self.tokens for c in (t if t.isdigit() else [t])]
            atoms: list[Node] = []
            for c in digits:
                if c == "'":
                    atoms[-1] = Symbol(atoms[-1].stem + "'")
                else:
                    atoms.append(Number(float(c)) if c.isdigit() else Symbol(c.lstrip("\\")))
            if len(atoms) > 1:
                return Beside(tuple(atoms))
            return atoms[0]
        return self.whole()

    def parenthesis(self) -> tuple[Node, ...]:
        """Arguments in parentheses."""
        self.take("(")
        found = [self.sum()]
        while self.accept(","):
            found.append(self.sum())
        self.take(")")
        return tuple(found)

    def _call(self, name: str) -> Node:
        if name == "log" and self.next == r"\cosh":
            self.take()
            return Call("log", (Call("cosh", self.parenthesis()),))
        if name == "max" and self.next == "_":
            self.take()
            return Over("max", self.inside(self.group()).under(), self._over())
        prime = self.accept("'")
        start = self.place
        if self.next == "(":
            arguments = self.parenthesis()
            if self.next == "_" and name != "softmax":  # \log (b)_1, of an entry
                self.place = start
                arguments = (self.factor(),)
        elif name == "log" and self.next == r"\sum":
            self.take()
            over = self._sum_over()
            return Call("log", (over,))
        else:
            arguments = (self.factor(),)
        at: tuple[Node, ...] = ()
        if name == "softmax" and self.accept("_"):
            at = self.inside(self.group()).subscripts()
        return Call(name, arguments, prime, at)

    def _over(self) -> Node:
        return self.term()

    def _sum_over(self) -> Node:
        self.take("_")
        under = self.inside(self.group()).under()
        return Over("sum", under, self._over())

    def under(self) -> Under:
        r"""`c,u,v`, `r,s<2`, or a \substack of these and conditions."""
        if self.accept(r"\substack"):
            rows = _split(self.group(), r"\\")
        else:
            rows = [self.tokens[self.place :]]
        letters: list[str] = []
        ranges: list[tuple[str, str, Node]] = []
        conditions: list[Node] = []
        for k, row in enumerate(rows):
            waiting: list[str] = []
            for item in _split(row, ","):
                parser = self.inside(item)
                one = parser.sum()
                if not parser.next:
                    waiting.append(_letter(one))
                    continue
                sign = parser.take()
                other = parser.sum()
                is_range = sign in ("<", r"\le") and _is_letter(one) and not _names_letter(other)
                if is_range and (k == 0 or not isinstance(other, Symbol) or other.stem.isupper()):
                    named = [*waiting, _letter(one)]
                    ranges += [(n, COMPARED[sign], other) for n in named]
                    letters += named if k == 0 else []
                    waiting = []
                else:
                    parts, signs = [one, other], [COMPARED[sign]]
                    while parser.next in COMPARED:
                        signs.append(COMPARED[parser.take()])
                        parts.append(parser.sum())
                    conditions.append(Relation(tuple(parts), tuple(signs)))
                parser.end()
            letters += waiting if k == 0 else []
            if waiting and k:
                raise Unreadable("a letter below a sum without a range")
        return Under(tuple(letters), tuple(ranges), tuple(conditions))

    def condition(self) -> Node:
        """A comparison, a mark of a maximum, or several that hold together."""
        one = self.sum()
        if self.accept(_GIVES):
            return Gives(one, self.sum(), self._at())
        parts, signs = [one], []
        while self.next in COMPARED:
            signs.append(COMPARED[self.take()])
            parts.append(self.sum())
        if not signs:
            raise Unreadable("a condition without a comparison")
        found: Node = Relation(tuple(parts), tuple(signs))
        if self.accept(r"\text{ for the first }"):
            letters = self.parenthesis() if self.next == "(" else (self.symbol(),)
            found = First(found, tuple(_letter(a) for a in letters))
        elif self.next == r"\text{ for the first time}":
            self.take()
            found = First(found, (), self._at())
        return found

    def _at(self) -> tuple[Node, ...]:
        """At which values of a maximum's indices, if they are said."""
        if not self.accept(_AT):
            return ()
        return self.parenthesis() if self.next == "(" else (self.sum(),)

    def conditions(self) -> tuple[Node, ...]:
        found = [self.condition()]
        while self.accept(","):
            found.append(self.condition())
        return tuple(found)

    # the rules of commands

    def paren(self) -> Node:
        found = self.sum()
        self.take(")")
        return self._entry(found) if isinstance(found, Symbol) and self.next == "_" else found

    def _entry(self, of: Symbol) -> Symbol:
        """(z)_1, an entry of z, beside z_1, which may be a tensor of that name."""
        self.take("_")
        return replace(of, below=self.inside(self.group()).subscripts(), apart=True)

    def fraction(self) -> Node:
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
        of = self.inside(top).whole() if top else self.factor_of_derivative()
        return Derivative(of, wrt, immediate)

    def factor_of_derivative(self) -> Node:
        return self._juxtaposed_or_entrywise()

    def _juxtaposed_or_entrywise(self) -> Node:
        if self.next == "-":
            self.take()
            return Negative(self.term())
        return self.term()

    def root(self) -> Node:
        return Power(self.inside(self.group()).whole(), Number(0.5))

    def absolute(self) -> Node:
        found = self.sum()
        self.take(r"\rvert")
        return Call("abs", (found,))

    def norm(self) -> Node:
        found = self.sum()
        self.take(r"\rVert")
        if self.accept("_"):
            self.group() if self.next == "{" else self.take("F")
        self.take("^")
        if self.group() != ["2"]:
            raise Unreadable("a norm that is not squared")
        return Norm(found)

    def bold(self) -> Node:
        inner = self.group()
        if inner == ["1"]:
            self.take("[")
            found = self.conditions()
            self.take("]")
            return Indicator(found[0] if len(found) == 1 else found)
        if inner == ["e"]:
            return self._decorated(Symbol("bold e"))
        raise Unreadable("a bold letter")

    def begin(self) -> Node:
        if self.group() != list("cases"):
            raise Unreadable("an environment")
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

    def infinite(self) -> Node:
        return Symbol("infinity")

    def pi(self) -> Node:
        if self.called(Symbol("pi")):
            self.place -= 1
            return self.symbol()
        return Symbol("circle")


_OPERATORS = {r"\log", r"\max", r"\min", r"\exp", r"\tanh", r"\sin", r"\cos", r"\sinh", r"\cosh"}


def _applied(command: str) -> Callable[[Parser], Node]:
    return lambda parser: parser._call(command.lstrip("\\"))


_RULES: dict[str, Callable[[Parser], Node]] = {
    "(": Parser.paren,
    r"\frac": Parser.fraction,
    r"\tfrac": Parser.fraction,
    r"\sqrt": Parser.root,
    r"\lvert": Parser.absolute,
    r"\lVert": Parser.norm,
    r"\sum": Parser._sum_over,
    r"\mathbf": Parser.bold,
    r"\begin": Parser.begin,
    r"\infty": Parser.infinite,
    r"\pi": Parser.pi,
    **{name: _applied(name) for name in (*sorted(_OPERATORS), r"\tan", r"\arctan")},
}


def _name(symbol: Symbol) -> str:
    return f"{symbol.accent}{symbol.stem}"


def _closes(inner: list[str]) -> int:
    """Where the parenthesis closes that a superscript begins with; 0 where something other than a
    transpose follows it.
    """
    depth = 0
    for k, token in enumerate(inner):
        depth += {"(": 1, ")": -1}.get(token, 0)
        if depth == 0:
            return k if inner[k + 1 :] in ([], [r"\top"]) else 0
    return 0


def _split(found: Sequence[str], mark: str) -> list[list[str]]:
    """Tokens cut at a mark outside of brackets."""
    parts: list[list[str]] = [[]]
    depth = 0
    for token in found:
        depth += {"{": 1, "(": 1, "[": 1, "}": -1, ")": -1, "]": -1}.get(token, 0)
        if token == mark and depth == 0:
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


def _is_letter(node: Node) -> bool:
    numbered = isinstance(node, Symbol) and len(node.below) == 1
    below = node.below if numbered and numeral(node.below[0]) else ()
    return isinstance(node, Symbol) and node == Symbol(node.stem, below=below)


def _letter(node: Node) -> str:
    if isinstance(node, Symbol) and not (node.layer or node.block or node.transposed):
        if not node.below:
            return node.stem
        if len(node.below) == 1 and (said := numeral(node.below[0])):
            return f"{node.stem}_{said}"  # an index i_1
    raise Unreadable("no letter")


def _names_letter(node: Node) -> bool:
    """Whether a bound is itself an index, such as t: lengths are numbers and capitals."""
    if isinstance(node, (Sum, Product)):
        parts = node.addends if isinstance(node, Sum) else node.factors
        return any(_names_letter(p) for p in parts)
    if isinstance(node, Negative):
        return _names_letter(node.inner)
    return isinstance(node, Symbol) and not (node == Symbol(node.stem) and node.stem[:1].isupper())


def read(latex: str, called: Callable[[Symbol], bool]) -> Node:
    """The formula of a text."""
    return Parser(tokens(latex), called).whole()
