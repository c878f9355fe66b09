"""What the user may have meant by an operator between tensors whose shapes do not fit."""

from __future__ import annotations

from bpgen.declare.declaration import Quantity, here
from bpgen.ir import Size


def ends_with(shape: tuple[Size, ...], other: tuple[Size, ...]) -> bool:
    """Whether the last axes are those of another shape."""
    return shape[len(shape) - len(other) :] == other


def is_product(symbol: str, *operands: Quantity) -> bool:
    """Whether W * x is written where W @ x is meant: weights, and what is none, of fewer axes."""
    if symbol != "*" or len(operands) < 2:
        return False
    few, many = sorted(operands, key=lambda t: t.rank)
    return 0 < few.rank < many.rank and many.role == "param" != few.role


def entry_by_entry(symbol: str, one: Quantity, two: Quantity) -> str:
    """What the user may have meant by an operator between tensors of two shapes."""
    a, b = (here().variable(t) or "(...)" for t in (one, two))
    pairs = ((one, two, f"{a} @ {b}"), (two, one, f"{b} @ {a}"))
    for left, right, text in pairs if symbol == "*" and one.rank and two.rank else ():
        if left.rank == 2 and left.shape[-1] == right.shape[max(right.rank - 2, 0)]:
            return f"* is entry by entry, @ the product of matrices and vectors: {text}"
    either = "give both one shape (one may be the other's last axes)"
    return f"{either}{_of_axes_of_one(one, two) or _by_indices(symbol, one, two)}"


def _of_axes_of_one(one: Quantity, two: Quantity) -> str:
    """That a column is meant for a vector: the two differ in axes of one entry alone."""
    few, many = sorted((one, two), key=lambda t: t.rank)
    if few.rank == many.rank or [s for s in many.shape if s != 1] != [*few.shape]:
        return ""
    sizes = ", ".join(map(repr, few.shape)).replace("'", '"')
    return f": reshape({here().variable(many) or '...'}, {sizes})"


def _by_indices(symbol: str, one: Quantity, two: Quantity) -> str:
    """The index equation of two vectors, or of one tensor along the first axes of the other."""
    few, many = sorted((one, two), key=lambda t: t.rank)
    letters = [*"ijkmpq"[: many.rank]]
    if many.shape[: few.rank] == few.shape:
        at = {few.serial: letters[: few.rank], many.serial: letters}
    elif many.rank == 1:
        at, letters = {one.serial: ["i"], two.serial: ["j"]}, ["i", "j"]
    else:
        return ""
    names = (here().variable(t) or letter for t, letter in ((one, "a"), (two, "b")))
    a, b = (f"{n}[{', '.join(at[t.serial])}]" for n, t in zip(names, (one, two), strict=True))
    sign = symbol if symbol in ("+", "-", "*", "/") else "+"
    formula = f"{symbol}({a}, {b})" if symbol.isalpha() else f"{a} {sign} {b}"
    every, declared = ", ".join(letters), " ".join(letters)
    equation = f'tensor({formula}, {every}), where {every} = indices("{declared}")'
    return f", or write the index equation: {equation}"


def transposed(one: Quantity, two: Quantity) -> str:
    """What the user may have meant by a product whose sizes do not fit."""
    a, b = (here().variable(t) or "(...)" for t in (one, two))
    fits = {
        f"{a}.T @ {b}": one.rank == 2 and one.shape[0] == two.shape[max(two.rank - 2, 0)],
        f"{b} @ {a}": two.shape[-1] == one.shape[max(one.rank - 2, 0)],
        f"{a} @ {b}.T": two.rank == 2 and two.shape[1] == one.shape[-1],
    }
    meant = next((f"{text} would fit; " for text, fit in fits.items() if fit), "")
    if two.role == "input" and two.rank == 2 and two.shape[-1] == one.shape[-1]:
        return f"{meant}of a batch one sample is declared: {b} = input({two.shape[-1]})"
    return f"{meant}weights are (out, in), as in W @ x + b"


def pair_by_pair(one: Quantity, two: Quantity) -> str:
    """The products of all matrices of one tensor with all of another."""
    a, b = (here().variable(t) or "(...)" for t in (one, two))
    letters = iter("hijpqruvwacdefglm")
    lead, more = ([next(letters) for _ in t.shape[:-2]] for t in (one, two))
    row, column = next(letters), next(letters)
    left, right = (", ".join(x) for x in ((*lead, row, "k"), (*more, "k", column)))
    every = ", ".join((*lead, *more, row, column))
    return (
        f"each of one with each of the other: tensor(sum({a}[{left}] * {b}[{right}], k), {every})"
    )
