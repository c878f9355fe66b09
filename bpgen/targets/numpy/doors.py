"""The functions of a module that refuse wrong arguments: one template for each, in the words of a
library.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from bpgen.targets.numpy.layout import call
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
_ONE = ("name: str", "value: {array}")
_SAMPLES = (*_ONE, "shape: tuple[int | str, ...]", "length: int | None")
_DOORS = {  # what each is given, and returns; callers before the called
    "_check": (("params: Arrays",), "None"),
    "_left_by_forward": (("cache: Arrays", "first: str"), "None"),
    "_state": ((*_ONE, "shape: tuple[int, ...]", "params: Arrays"), "{array}"),
    "_one_hot": ((*_SAMPLES, "params: Arrays"), "{array}"),
    "_labels": ((*_SAMPLES, "bound: int"), "{array}"),
    "_array": ((*_SAMPLES, "params: Arrays"), "{array}"),
    "_plain": (_ONE, "{array}"),
    "_fits": (("name: str", "array: {array}", *_SAMPLES[2:]), "None"),
}


@cache
def doors(words: Words, refuses_empty: bool) -> dict[str, str]:
    """The source of each by its name."""
    given = {"w": words, "refuses_empty": refuses_empty}
    made: dict[str, str] = {}
    for name, (arguments, returns) in _DOORS.items():
        told = [a.format(array=words.array) for a in arguments]
        after = f" -> {returns.format(array=words.array)}:"
        body = template(f"door{name}.py.jinja").render(given)
        made[name] = "\n".join([*call(f"def {name}", told, after), body])
    return made
