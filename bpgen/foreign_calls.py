"""Calls of numpy, torch and Keras whose arguments decide what is written instead, as text."""

from __future__ import annotations

import ast
import re


def factor(text: str) -> str:
    """What is given, so that it may be a factor or have an index."""
    plain = re.fullmatch(r"[\w.]*(\([^()]*\)|\[[^][]*\])?", text)
    return text if plain and text != "..." else f"({text})"


def reshaped(x: str, *shape: str) -> str:
    """Of one sample: a first size that is the batch's, -1 or x.size(0), is left out."""
    sizes = ", ".join(shape).strip("()[]")
    own = re.sub(r"^(-1|N|batch_size|\w+\.(size\(0\)|shape\[0\])), *", "", sizes)
    return f"flatten({x})" if own == "-1" else f"reshape({x}, {own or '3, 1'})"


def dense(x: str, width: str, *others: str) -> str:
    """Keras's, which may have an activation in quotes."""
    named = (o.removeprefix("activation=").strip("'\"") for o in others)
    return f"dense({', '.join((x, width, *(n for n in named if n.isidentifier())))})"


def entered(*shape: str) -> str:
    sizes = shape[-1].removeprefix("shape=").strip("()[], ")
    return f"input({re.sub('^None, *', '', sizes)})"


def drawn(*shape: str) -> str:
    """The sizes are given, alone, in a list, or to what draws: Parameter(randn(4, 3))."""
    sizes = re.search(r"[(\[]([\w, ]+),?[)\]]*$", f"({', '.join(shape)}")
    return f"param({sizes[1] if sizes else '4, 3'})"


def sized(x: str, axis: str = "", *_: str) -> str:
    """Torch's size(1) of a batch is the size of a sample's vector, its last."""
    return f"{x}.shape[{'-1' if axis == '1' else axis}]" if axis else f"{x}.shape"


def summed(body: str, *_: str) -> str:
    return f"sum({body}, i)"


def einsum(letters: str, *operands: str) -> str:
    """The sum that the letters mean; without an arrow, over those that stand twice."""
    if not re.fullmatch(r"'[a-z, ]+(->[a-z ]*)?'", letters):
        return einsum("'ij,j->i'", "W", "x")
    read, arrow, left = letters.strip("'").replace(" ", "").partition("->")
    each = sorted({*read} - {","})
    left = left if arrow else "".join(k for k in each if read.count(k) == 1)
    over = [k for k in each if k not in left]
    pairs = zip(map(factor, operands), read.split(","), strict=False)
    product = " * ".join(f"{x}[{', '.join(at)}]" for x, at in pairs)
    body = f"sum({', '.join((product, *over))})" if over else product
    return f"tensor({', '.join((body, *left))})" if left else body


def stacked(tensors: str, *_: str) -> str:
    try:
        listed = ast.parse(tensors, mode="eval").body
    except SyntaxError:  # what numpy was given may show itself in any words
        return stacked("[x, u]")
    items = listed.elts if isinstance(listed, (ast.List, ast.Tuple)) else ()
    rows = [factor(ast.unparse(item)) for item in items] or ["x", "u"]
    lines = (f"stacked[{k}, i] = {row}[i]" for k, row in enumerate(rows))
    return "; ".join((f"stacked = zeros({len(rows)}, *{rows[0]}.shape)", *lines))


def unsqueezed(x: str, axis: str = "0", *_: str) -> str:
    sizes = f"*{x}.shape"
    return f"reshape({x}, {f'{sizes}, 1' if axis.endswith('-1') else f'1, {sizes}'})"


def clipped(x: str, *ends: str) -> str:
    """Torch's clamp may have one end alone."""
    named = dict(re.findall(r"^(?:a_)?(min|max)=(.*)$", "\n".join(ends), re.M))
    low, high, *_ = (*(e for e in ends if "=" not in e), "", "")
    low, high = named.get("min", low), named.get("max", high)
    if low and high:
        return f"clip({x}, {low}, {high})"
    return f"minimum({x}, {high})" if high else f"maximum({x}, {low or '0'})"
