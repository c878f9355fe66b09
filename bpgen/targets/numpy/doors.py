"""The functions of a module that refuse wrong arguments: one template for each, in the words of a
library.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from bpgen.targets.numpy.layout import WIDTH
from bpgen.templating import template

Lines = tuple[str, ...]


@dataclass(frozen=True)
class Words:
    """What a library says of `array`, which comes in as `value`; `no_...` is what refuses it."""

    array: str  # the type
    shape: str
    counts: str  # it holds whole numbers, or yes and no
    as_params: Lines  # in the precision of the parameters
    no_floats: str
    no_whole_numbers: str
    no_shares: str
    out_of_bounds: str
    as_array: str
    as_labels: Lines = ("return array",)
    library: Lines = ()
    no_value: Lines = ()
    no_array: Lines = ()


NUMPY = Words(
    array="np.ndarray",
    shape="array.shape",
    counts='array.dtype.kind in "biu"',
    as_params=("array = array.astype(np.result_type(*params.values()) if params else np.float64)",),
    no_floats='array.dtype.kind not in "fc"',
    no_whole_numbers='array.dtype.kind not in "iu"',
    no_shares="not np.allclose(array.sum(axis=-1), 1, atol=1e-5)",
    out_of_bounds="array.size and (array.min() < 0 or array.max() >= bound)",
    as_array="np.asarray(value)",
    no_array=(
        "if array.shape and not isinstance(params[name], np.ndarray):",
        '    raise TypeError(f"params: {name} is {type(params[name])}, not an array")',
    ),
)
_DOORS = (  # callers before the called
    "_check",
    "_left_by_forward",
    "_state",
    "_one_hot",
    "_labels",
    "_array",
    "_plain",
    "_fits",
)


@cache
def doors(words: Words, refuses_empty: bool) -> dict[str, str]:
    """The source of each by its name."""
    given = {"w": words, "refuses_empty": refuses_empty}
    return {d: as_short(template(f"door{d}.py.jinja").render(given)) for d in _DOORS}


def as_short(source: str) -> str:
    """A function with its signature on one line, where its types are short enough."""
    lines = source.strip().splitlines()
    ends = next(k for k, line in enumerate(lines, start=1) if line.endswith(":"))
    one = "".join(line.strip() for line in lines[:ends])
    return "\n".join([one, *lines[ends:]] if len(one) <= WIDTH else lines)
