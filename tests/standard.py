"""A module by the array API standard beside that of numpy: all that both return, at one point."""

from __future__ import annotations

from collections.abc import Callable
from inspect import signature
from types import ModuleType
from typing import Any

import numpy as np

from bpgen.check.module import Point, Subject, quiet
from bpgen.emit import emitted
from bpgen.record import Derivation
from tests.conftest import module_of

TOLERANCE = 1e-12
Change = Callable[[Any], Any]


def same(value: Any) -> Any:
    return value


def distance(
    derivation: Derivation, to: Change = same, back: Change = np.asarray, compiled: Change = same
) -> float:
    """How far apart they are at most, as a part of the largest entry of each tensor, or of 1; `to`
    makes arrays of the library, `back` those of numpy.
    """
    ours = emitted(derivation)
    subject = Subject(ours, derivation.network)
    point = subject.draw(np.random.default_rng(1), 3)
    with quiet():
        meant = returned(module_of(ours), point)
        found = returned(
            module_of(emitted(derivation, "array-api")), point.map(lambda _, a: to(a)), compiled
        )
    assert found.keys() == meant.keys()
    pairs = ((back(found[name]), np.asarray(meant[name])) for name in meant)
    return max(_apart(*pair) for pair in pairs)


def _apart(found: Any, meant: Any) -> float:
    assert found.shape == meant.shape and found.dtype == meant.dtype
    assert (np.isfinite(found) == np.isfinite(meant)).all()
    asked = np.isfinite(meant)
    largest = np.max(np.abs(meant), initial=1, where=asked)
    return float(np.max(np.abs(found - meant), initial=0, where=asked) / largest)


def returned(module: ModuleType, point: Point, compiled: Change = same) -> dict[str, Any]:
    """Outputs, losses, and gradients in each way to ask for them."""
    noisy = "rng" in signature(module.forward).parameters

    def every(params: Any, inputs: Any, rest: Any) -> dict[str, Any]:
        def drawn() -> list[np.random.Generator]:
            return [np.random.default_rng(7)] if noisy else []

        output, cache = module.forward(params, *inputs, *drawn())
        outputs = output if isinstance(output, tuple) else (output,)
        grads = module.backward(params, cache, *rest, inputs=True)
        found = {f"output {k}": o for k, o in enumerate(outputs)}
        found |= {f"d{name}": g for name, g in grads.items()}
        if hasattr(module, "loss"):
            loss, grads = module.loss_and_grad(params, *inputs, *rest, *drawn())
            found |= {"loss": module.loss(params, *inputs, *rest, *drawn()), "with grad": loss}
        else:
            grads = module.backward(params, cache, *rest)
        return found | {f"d{name} alone": g for name, g in grads.items()}

    given = [dict(point.params), [*point.inputs.values()], [*point.rest.values()]]
    made: dict[str, Any] = compiled(every)(*given)
    return made
