"""Small pieces of the module's text: shapes, arguments, the names that lines of code speak of."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable

from bpgen.ir import TensorInfo


def shape_text(tensor: TensorInfo, known: Container[str] = ()) -> str:
    """The shape of one sample as Python text; lengths without a value are quoted."""
    inside = [str(s) if isinstance(s, int) or s in known else f'"{s}"' for s in tensor.sample_shape]
    return f"({inside[0]},)" if len(inside) == 1 else f"({', '.join(inside)})"


def names_in(lines: Iterable[str]) -> set[str]:
    code = "\n".join(line for line in lines if not line.lstrip().startswith("#"))
    return set(re.findall(r"(?<![.\w])[A-Za-z_]\w*", re.sub(r'"[^"]*"', "", code)))
