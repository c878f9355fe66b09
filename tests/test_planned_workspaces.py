"""What is no workspace of a module, or of other arguments, is refused in the module's own words."""

from __future__ import annotations

import pickle
import re
from copy import copy, deepcopy
from typing import Any

import numpy as np
import pytest

from tests.conftest import module_of
from tests.planned import TOY, arguments, memory_for, planned


@pytest.mark.parametrize(
    ("batch", "dtype", "error", "said"),
    [
        (6, np.float64, ValueError, "workspace is for N = 6, not 5"),
        (5, np.float32, TypeError, "workspace holds float32, and these arguments are float64"),
    ],
)
def test_other_memory_is_refused(batch: int, dtype: Any, error: type, said: str) -> None:
    module = module_of(planned(TOY))
    params, inputs, rest = arguments(TOY, module)
    workspace = memory_for(module, batch, dtype)
    with pytest.raises(error, match=re.escape(said)):
        module.loss_and_grad(params, *inputs, *rest, workspace=workspace)


def test_what_is_no_workspace_is_refused() -> None:
    module = module_of(planned(TOY))
    params, inputs, rest = arguments(TOY, module)
    whole = memory_for(module, 5, np.float64)
    for name in ("N", "flat", "flat[:]", "own"):
        fewer = {n: arrays for n, arrays in whole.items() if n != name}
        with pytest.raises(ValueError, match=re.escape(f"workspace lacks {name}: workspace")):
            module.loss_and_grad(params, *inputs, *rest, workspace=fewer)


@pytest.mark.parametrize(
    ("given", "error", "said"),
    [
        ({"N": 8.0}, TypeError, "workspace: N is 8.0, not a whole number"),
        ({"N": True}, TypeError, "workspace: N is True, not a whole number"),
        ({"N": -1}, ValueError, "workspace: N is -1, less than 0"),
        ({"N": 8, "dtype": int}, TypeError, "workspace: dtype is int64, not one of floats"),
    ],
)
def test_no_memory_is_made_for_what_is_no_size(
    given: dict[str, Any], error: type, said: str
) -> None:
    module = module_of(planned(TOY))
    with pytest.raises(error, match=re.escape(said)):
        module.workspace(**given)
    assert module.workspace(np.int32(8), np.float32)


def test_memory_that_cannot_be_written_in_is_refused() -> None:
    module = module_of(planned(TOY))
    params, inputs, rest = arguments(TOY, module)
    whole = memory_for(module, 5, np.float64)
    with pytest.raises(TypeError, match=re.escape("workspace is <class 'list'>: workspace(...)")):
        module.loss_and_grad(params, *inputs, *rest, workspace=[*whole.values()])
    for array in (a for arrays in whole.values() for a in arrays):
        array.flags.writeable = False
    with pytest.raises(ValueError, match="workspace is read-only, and all is computed in it"):
        module.loss_and_grad(params, *inputs, *rest, workspace=whole)


def test_a_workspace_of_another_module_is_refused() -> None:
    """Its arrays may be as many and as large, and its constants others."""
    net = (
        "from bpgen import *\nx, y, W = input(3), target(2), param(2, 3)\n"
        "L = loss(squared_error(clip(W @ x, -3, {}), y))\n"
    )
    one, other = (module_of(planned(net.format(high))) for high in (2, 5))
    params, x, y = other.init(0), np.full((5, 3), 3.0), np.ones((5, 2))
    with pytest.raises(ValueError, match="workspace is another module's, whose arrays are not"):
        other.loss_and_grad(params, x, y, workspace=one.workspace(5))


def test_a_copy_of_a_workspace_is_refused() -> None:
    """Its arrays share no memory any more: gradients of one were whatever stood there."""
    module = module_of(planned(TOY))
    params, inputs, rest = arguments(TOY, module)
    whole = memory_for(module, 5, np.float64)
    module.loss_and_grad(params, *inputs, *rest, workspace=copy(whole))  # of the dict alone
    for other in (deepcopy(whole), pickle.loads(pickle.dumps(whole))):
        with pytest.raises(ValueError, match="workspace is a copy, whose arrays share no memory"):
            module.loss_and_grad(params, *inputs, *rest, workspace=other)
