"""C beside numpy: networks compiled together, and what each computes at points of its own, by its
files of C and by its module.
"""

from __future__ import annotations

import itertools
import math
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from bpgen.check.conditions import _decisions
from bpgen.check.module import Array, Arrays
from bpgen.check.trial import TOGETHER, Trial
from bpgen.compiled import SEED, at_points, found_of, ran, source_of
from bpgen.compiled.library import Library, Source, Texts, command, compiler, libraries
from bpgen.compiled.noise import uniform
from bpgen.emit import files_of
from bpgen.errors import NetError
from bpgen.ir import Network
from tests.conftest import ROOT, declared, derived, written
from tests.networks.raw.examine import reason

POINTS = 4  # where there are kinks
ROUNDING = 1e-15  # of which `Trial.noise` says what it does
TOLERANCES = {np.float64: 1e-12, np.float32: 1e-5}  # of the largest entry of a tensor
SAME, ROUNDED, NOWHERE = (
    "the same as numpy's",
    "the same, but for what roundings do to it",
    "not settled at any point that was drawn",
)
# What is not about the compiler costs little of its time, and next to none of another one's, which
# warns of little: `warnings` are asked for beside.
QUICK = (shutil.which("tcc") or str(compiler()), *command("-O0")[1:])
DOUBLE = (np.float64,)
SANITIZED = command("-O0", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")


class Differs(AssertionError):
    """What is not numpy's."""


@dataclass(frozen=True)
class Both:
    """A network in C and in numpy, at points: at one alone a hinge may be nothing, or open."""

    texts: Texts
    trials: Sequence[Trial]


def warnings(texts: Iterable[Texts]) -> str:
    """What clang, or the compiler at hand, has to say of files of different names. gcc warns of
    what is unused only where it makes something of them.
    """
    with tempfile.TemporaryDirectory() as folder:
        for made in texts:
            (name,) = re.findall(r'^#include "(\w+)\.h"', made[".c"], re.MULTILINE)
            for end, text in made.items():
                Path(folder, f"{name}{end}").write_text(text)
        clang = shutil.which("clang")
        line = [clang or str(compiler()), *command("-fsyntax-only" if clang else "-c")[1:]]
        line += sorted(map(str, Path(folder).glob("*.c")))
        return subprocess.run(line, capture_output=True, text=True, cwd=folder).stderr


def both(source: str, name: str, change: Callable[[str], str] = str) -> Both:
    """Both of a net.py, its C with a change.

    Raises NetError where bpgen refuses it.
    """
    made = _written(source, name)
    return replace(made, texts={**made.texts, ".c": change(made.texts[".c"])})


@lru_cache(maxsize=8)  # the same few are compiled with one mistake after another
def _written(source: str, name: str) -> Both:
    network = declared(source)
    trials = at_points(written(source), network, POINTS if _has_kinks(network) else 1)
    made = derived(source)
    called = replace(made, network=replace(made.network, name=name))
    return Both(dict(files_of(called, "c")), [*map(_dropping, trials)])


def _has_kinks(network: Network) -> bool:
    """Whether anything is compared, so that a point lies on one side of it."""
    return any(any(_decisions(term.body)) for equation in network for term in equation.terms)


def _dropping(trial: Trial) -> Trial:
    """A point where the module drops what C drops: by the same numbers, one call after another."""
    count = sum(np.size(a) for a in trial.drawn.values())
    numbers = itertools.cycle([*itertools.islice(uniform(SEED), count)])

    def dropout(_: object, shape: tuple[int, ...], keep: float, *more: object) -> Array:
        drawn = [*itertools.islice(numbers, math.prod(shape))]
        return np.asarray(np.reshape(np.less(drawn, keep) / keep, shape))

    if trial.drawn:
        vars(trial.subject.module)["dropout"] = dropout
    return trial


def verdicts(
    sources: Iterable[str],
    change: Callable[[str], str] = str,
    by: Sequence[str] = (),
    dtypes: Sequence[type] = (np.float64, np.float32),
    times: float = 1,
) -> dict[str, str | Differs]:
    """Of each net.py whether its C computes what numpy does, in double and in single precision, at
    points of so many times the numbers that are drawn; or why it is refused. How near it is, is
    told of the first of them.
    """
    found: dict[str, str | Differs] = {}
    compared: dict[str, Both] = {}
    for number, source in enumerate(dict.fromkeys(sources)):
        try:
            made = both(source, f"net{number}", change)
        except NetError as error:
            found[source] = f"refused: {reason(error)}"
        except Exception as error:
            found[source] = Differs(f"is not written: {type(error).__name__} {error}\n{source}")
        else:
            compared[source] = made
            found[source] = SAME if any(t.settled for t in made.trials) else NOWHERE
    asked = {source: made for source, made in compared.items() if found[source] == SAME}
    for number, dtype in enumerate(dtypes):
        for source, library in _compiled(asked, dtype, by, warn=number == 0).items():
            settled = (t for t in asked[source].trials if t.settled)
            try:
                said, *_ = [_compared(library, _far(trial, times), dtype) for trial in settled]
            except (Differs, ValueError) as error:
                found[source] = Differs(f"{np.dtype(dtype)}: {error}\n{source}")
                continue
            found[source] = said if found[source] == SAME else found[source]
    return found


def _compiled(
    asked: Mapping[str, Both], dtype: type, by: Sequence[str], warn: bool
) -> dict[str, Library | ValueError]:
    """All of them by one call of the compiler; where it complains, each by one of its own."""
    sources = [source_of(made.texts, made.trials[0]) for made in asked.values()]
    try:
        made: Sequence[Library | ValueError] = _libraries(sources, dtype, by, warn)
    except ValueError:
        made = [_alone(source, dtype, by, warn) for source in sources]
    return dict(zip(asked, made, strict=True))


def _libraries(
    sources: Sequence[Source], dtype: type, by: Sequence[str], warn: bool
) -> list[Library]:
    """Clean, too, where warnings are asked for: those of either precision are the same."""
    if by and warn and (said := warnings(source.texts for source in sources)):
        raise ValueError(said)
    return libraries(sources, dtype, by) if sources else []


def _alone(source: Source, dtype: type, by: Sequence[str], warn: bool) -> Library | ValueError:
    try:
        return _libraries([source], dtype, by, warn)[0]
    except ValueError as error:
        return error


def _compared(library: Library | ValueError, trial: Trial, dtype: type) -> str:
    """How near C is to numpy at a point whose numbers have this precision."""
    if isinstance(library, ValueError):
        raise library
    trial = _rounded(trial, dtype)
    meant, found = _numpys(trial), _flat(*ran(library, trial))
    if dtype is np.float64 and not found_of(library, trial).is_one:
        raise Differs("loss gives another loss than backward, or backward_descend does")
    near = (_near(name, found[name], meant[name], trial, dtype) for name in meant)
    return max(near, key=_ORDER, default=SAME)


def _numpys(trial: Trial) -> Arrays:
    """What the module computes, but for what it is given."""
    values, *_, grads = trial.computed
    computed = {n: a for n, a in values.items() if n != TOGETHER and n not in trial.point.inputs}
    return _flat(computed, grads)


_ORDER = [SAME, ROUNDED].index


def _near(name: str, found: Array, meant: Array, trial: Trial, dtype: type) -> str:
    """How near a tensor is; what is no number in numpy may be none in C."""
    asked = np.isfinite(meant)
    largest = float(np.max(np.abs(meant), initial=0, where=asked))
    within = TOLERANCES[dtype]
    with np.errstate(invalid="ignore"):
        off = np.where(asked, np.abs(found.astype(float) - meant), 0.0)
    worst = float(np.max(off, initial=0))
    if worst <= within * largest:
        return SAME
    if worst <= within * largest + within / ROUNDING * _flat(*trial.noise)[name]:
        return ROUNDED
    at = np.unravel_index(np.argmax(np.where(np.isnan(off), np.inf, off)), off.shape)
    raise Differs(f"{name}{[*map(int, at)]} is {found[at]!r}, where numpy's is {meant[at]!r}")


def _flat(values: Arrays, grads: Arrays) -> Arrays:
    every = {**values, **{f"d{n}": g for n, g in grads.items()}}
    return {n: np.asarray(a) for n, a in every.items()}


def _rounded(trial: Trial, dtype: type) -> Trial:
    """A point with numbers of this precision, as float64."""
    return _of(_of(trial, dtype), np.float64)


def _far(trial: Trial, times: float) -> Trial:
    point = trial.point.map(lambda _, a: a * times if a.dtype.kind == "f" else a)
    return replace(trial, point=point)


def _of(trial: Trial, dtype: type) -> Trial:
    point = trial.point.map(lambda _, a: a.astype(dtype) if a.dtype.kind == "f" else a)
    return replace(trial, point=point)


# Under the sanitizers, which want a process of their own: `python -m tests.in_c`.


def watched(step: int, *more: str) -> subprocess.CompletedProcess[str]:
    """One in so many networks of the corpus, compiled with the sanitizers and run under them."""
    asked = [str(compiler()), "-print-file-name=libasan.so"]
    library = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
    return subprocess.run(
        [sys.executable, "-m", "tests.in_c", str(step), *more],
        env={**os.environ, "LD_PRELOAD": library, "ASAN_OPTIONS": "detect_leaks=0"},
        capture_output=True,
        text=True,
        cwd=ROOT,
    )


def _reads_beyond(text: str) -> str:
    """C that reads a sample too many."""
    return text.replace("n < N;", "n < N + 1;")


def main(step: int, broken: bool) -> int:
    from tests.texts.corpus import SOURCES

    chosen = [*SOURCES.values()][::step]
    said = verdicts(chosen, _reads_beyond if broken else str, SANITIZED, DOUBLE)
    wrong = [str(v) for v in said.values() if isinstance(v, Differs)]
    print("\n\n".join([*wrong, f"{len(said)} networks under the sanitizers"]))
    return len(wrong)


if __name__ == "__main__":
    sys.exit(bool(main(int(sys.argv[1]), "--broken" in sys.argv)))
