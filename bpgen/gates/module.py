"""What emit is about to write is run first: what is not what its equations say is not written."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import sympy as sp

from bpgen.check.agreement import verdict
from bpgen.check.difference import Difference
from bpgen.check.form import form
from bpgen.check.trial import cost
from bpgen.emit import emit
from bpgen.emit import files as emitted_files
from bpgen.errors import NetError
from bpgen.ir import Network
from bpgen.network.shrink import shrunk

LARGE = (
    100_000_000  # entries of a network in whose place a smaller one is run, if its code is alike
)
LARGEST = 4 * LARGE  # the same, whatever its code
REMEDY = "a defect of bpgen: report it with net.py; --unchecked writes the module all the same"


def refuse_wrong(
    source: str, network: Network, place: str, target: str = "numpy"
) -> tuple[str, ...]:
    """NetError where the module is not what the equations say. What could not be compared, as it is
    no number at any point tried.
    """
    if target == "array-api" and not hasattr(np, "permute_dims"):
        fact = (
            f"numpy {np.__version__} has not the functions by which the module would be run first"
        )
        raise NetError(fact, "install numpy 2, or write it with --unchecked", place)
    found = verdict(*_run_instead(source, network, target))
    if found.wrong is not None:
        raise _refused(found.wrong, place)
    return found.undefined


def refuse_wrong_files(
    files: Mapping[str, str], network: Network, place: str, target: str = "c"
) -> str:
    """The same of C, which is compiled and run, and of a module that computes by it. What is to be
    said where there is no compiler.
    """
    from bpgen.compiled import compiler, difference, difference_of_module

    if compiler() is None:
        return "no C compiler (cc, gcc or clang) is at hand: what is written was not run"
    small = network if cost(network) <= LARGE else shrunk(network)
    texts = files if small is network else emitted_files(small, target)
    found = difference(texts, small)
    if found is None and ".py" in texts:
        try:
            found = difference_of_module(texts[".py"], small)
        except OSError as error:
            fact = f"not run, for its library cannot be kept: {error.strerror}: {error.filename}"
            raise NetError(
                fact, "let XDG_CACHE_HOME be a folder that can be written in", place
            ) from None
    if found is not None:
        raise _refused(found, place)
    return ""


def _refused(found: Difference, place: str) -> NetError:
    """What differs, said of bpgen, or of the network where that is why."""
    if found.steep is None:
        fact = f"not written, for it would be wrong: {found.what} {found.said}"
        return NetError(fact, REMEDY, place)
    power, value = found.steep
    power = power.xreplace({a: sp.Function("abs")(*a.args) for a in power.atoms(sp.Abs)})
    why = f"{power} has a slope without end at 0, and no value below; {power.base} is {value:.3g}"
    fact = f"not written: {found.what} would be no number: {why}"
    remedy = f"keep it above 0, as {power.base} + 1e-12 is; or write it with --unchecked"
    return NetError(fact, remedy, place)


def _run_instead(source: str, network: Network, target: str) -> tuple[str, Network]:
    """The module itself; of a large one, the same equations with shorter axes."""
    entries = cost(network)
    if entries <= LARGE:
        return source, network
    small = shrunk(network)
    text = emit(small, target)
    alike = form(text) == form(source)
    return (text, small) if alike or entries > LARGEST else (source, network)
