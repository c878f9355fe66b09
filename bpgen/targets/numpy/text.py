"""Shapes as the module's text."""

from __future__ import annotations

from collections.abc import Container

from bpgen.ir import TensorInfo
from bpgen.text.document import tuple_of


def shape_text(tensor: TensorInfo, known: Container[str] = ()) -> str:
    """The shape of one sample as Python text; lengths without a value are quoted."""
    inside = [str(s) if isinstance(s, int) or s in known else f'"{s}"' for s in tensor.sample_shape]
    return str(tuple_of(inside))
