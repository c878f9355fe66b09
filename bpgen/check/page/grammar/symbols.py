r"""Symbols, with what stands above and below them: \hat{x}^{[1]\top}_{ij}."""

from __future__ import annotations

from dataclasses import replace

from bpgen.check.page.formula import Beside, Node, Number, Symbol
from bpgen.check.page.grammar.cursor import Cursor, split
from bpgen.check.page.tokens import Unreadable, upright, word

_ACCENTS = {r"\hat": "hat", r"\bar": "bar", r"\tilde": "tilde"}
_LETTERS = """
    alpha beta gamma delta varepsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau
    upsilon varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega ell
"""
_GREEK = {f"\\{name}" for name in _LETTERS.split()}
_TOP = [r"\top"]


class Symbols(Cursor):
    """Reads symbols."""

    def symbol(self) -> Symbol:
        if self.accept("("):
            whole = self.symbol()
            self.take(")")
            return self.entry(whole)
        accent, token = self._accented(self.take())
        named = word(token)
        if named is not None and named[0] == "mathrm":
            stem = upright(named[1])
        elif token == r"\mathbf":
            stem = "bold " + "".join(self.group())
        elif _is_letter(token):
            stem = token.lstrip("\\")
        else:
            raise Unreadable(f"no symbol: {token!r}")
        return self.decorated(Symbol(stem, accent))

    def _accented(self, token: str) -> tuple[str, str]:
        """The accents over a token, and what they are over; an upstream gradient's bar may stand
        over a hat.
        """
        if token not in _ACCENTS:
            return "", token
        inner = self.inside(self.argument())
        accent, under = inner._accented(inner.take())
        inner.end()
        return f"{_ACCENTS[token]} {accent}".strip(), under

    def entry(self, of: Symbol) -> Symbol:
        """(z)_1, an entry of z, beside z_1, which may be a tensor of that name."""
        self.take("_")
        return replace(of, below=self.inside(self.group()).subscripts(), apart=True)

    def decorated(self, found: Symbol) -> Symbol:
        """A symbol with all that belongs to it of what follows."""
        marks = {"'": self._primed, "_": self._with_subscripts, "^": self._with_superscript}
        while self.next in marks:
            more = marks[self.next](found)
            if more is None:
                break
            found = more
        return found

    def _primed(self, found: Symbol) -> Symbol | None:
        """A name with a prime; before an argument it is a derivative's."""
        if self.tokens[self.place + 1 : self.place + 2] == ["("]:
            return None
        self.take()
        return replace(found, stem=f"{found.stem}'")

    def _with_subscripts(self, found: Symbol) -> Symbol:
        self.take()
        below = self.inside(self.argument()).subscripts()
        if found.below:
            raise Unreadable("two subscripts")
        return replace(found, below=below)

    def _with_superscript(self, found: Symbol) -> Symbol | None:
        """A layer in brackets, a block in parentheses, a transpose; None of a power."""
        here = self.place
        self.take()
        inner = self.argument()
        if inner == _TOP:
            return replace(found, transposed=True)
        if inner[:1] == ["["]:
            end = inner.index("]")
            rest, found = inner[end + 1 :], replace(found, layer="".join(inner[1:end]))
        elif (end := _closes(inner)) and (found.stem, found.accent) != ("e", ""):
            rest = inner[end + 1 :]
            found = replace(found, block=self.inside(inner[1:end]).whole())
        else:
            self.place = here
            return None
        if rest not in ([], _TOP):
            raise Unreadable("what stands above a symbol")
        return replace(found, transposed=found.transposed or rest == _TOP)

    def subscripts(self) -> tuple[Node, ...]:
        """What commas set apart; letters side by side as such."""
        return tuple(self.inside(part)._subscript() for part in split(self.tokens, ","))

    def _subscript(self) -> Node:
        plain = all(t == "'" or t.isdigit() or _is_letter(t) for t in self.tokens)
        if not plain or not self.tokens:
            return self.whole()
        atoms: list[Node] = []
        for c in (c for t in self.tokens for c in (t if t.isdigit() else [t])):
            if c == "'":
                atoms[-1] = Symbol(f"{atoms[-1].stem}'")
            else:
                atoms.append(Number(float(c)) if c.isdigit() else Symbol(c.lstrip("\\")))
        return Beside(tuple(atoms)) if len(atoms) > 1 else atoms[0]


def _is_letter(token: str) -> bool:
    return token in _GREEK or (len(token) == 1 and token.isalpha())


def _closes(inner: list[str]) -> int:
    """Where the parenthesis closes that a superscript begins with; 0 where there is none, or where
    something other than a transpose follows it.
    """
    depth = 0
    for k, token in enumerate(inner):
        depth += {"(": 1, ")": -1}.get(token, 0)
        if depth == 0:
            return k if inner[k + 1 :] in ([], _TOP) else 0
    return 0
