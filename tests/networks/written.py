"""Properties of what is written: the module's text, and the page, line by line."""

from __future__ import annotations

import ast
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from bpgen.check.page.proof import FalseLine, prove_page
from bpgen.derive import derive
from bpgen.emit import emit
from bpgen.network.shrink import shrunk
from bpgen.record import Derivation
from bpgen.render import render
from bpgen.render.document import STEPS
from tests.comments import false
from tests.networks.run import Subject, declared, derived
from tests.networks.table import holds, one_in_three

BUILTINS = {
    "float",
    "int",
    "len",
    "range",
    "sum",
    "tuple",
    "dict",
    "str",
    "bool",
    "isinstance",
    "sorted",
    "zip",
    "list",
    "min",
    "max",
    "print",
    "all",
    "any",
    "set",
    "reversed",
    "enumerate",
    "abs",
    "ValueError",
    "TypeError",
    "IndexError",
    "__name__",
    "type",
    "SystemExit",
    "slice",
    "complex",
    "next",
    "object",
    "map",
    "repr",
}


@holds("what is emitted parses, and holds nothing but arithmetic on numpy arrays")
def text(subject: Subject) -> None:
    nodes = [*ast.walk(ast.parse(subject.text))]
    imported = [a.name for n in nodes if isinstance(n, ast.Import) for a in n.names]
    assert set(imported) <= {"numpy", "sys"}, imported
    assert not any(isinstance(n, ast.ImportFrom) for n in nodes)
    made = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    made |= {n.arg for n in nodes if isinstance(n, ast.arg)}
    made |= {n.name for n in nodes if isinstance(n, (ast.FunctionDef, ast.ClassDef))}
    read = {n.id for n in nodes if isinstance(n, ast.Name)}
    assert read <= made | BUILTINS | {"np", "sys"}, read - made - BUILTINS
    dotted = {n.attr for n in nodes if isinstance(n, ast.Attribute)}
    assert not any(name.startswith("_") for name in dotted), dotted


@holds("LaTeX is written, without a sign of what went wrong", one_in_three(2))
def latex(subject: Subject) -> None:
    assert r"\begin{" in subject.latex
    assert "None" not in subject.latex and "Element(" not in subject.latex


EQUATIONS = 60  # of a page that is proved; of a longer one this takes as long as all else together


def paged(source: str) -> Derivation:
    """What the page of a net.py tells: its sizes are small, for it is evaluated."""
    return derive(shrunk(declared(source)))


def is_short(made: Derivation) -> bool:
    return len(made.forward) + len(made.steps) <= EQUATIONS


def false_lines(made: Derivation, seed: int, how: Iterable[str] = STEPS) -> Iterator[FalseLine]:
    """What is false on the page of a network, short and in full."""
    for steps in how:
        proved = prove_page(render(made, fmt="latex", steps=steps), made.network, (seed,))
        assert proved.total > 0, "an empty page"
        yield from proved.false


@holds(
    "every equation of the page holds, as read back and evaluated",
    lambda s: one_in_three(0)(s) and is_short(derived(s.source)),
)
def page(subject: Subject) -> None:
    """Short or in full: both of two thousand networks are on record (`benchmarks.random_pages`)."""
    how = [*STEPS][subject.seed % len(STEPS)]
    false = [*false_lines(paged(subject.source), subject.seed, [how])]
    assert not false, "\n".join(map(str, false))


@holds(
    "every comment of the module holds, as read back and evaluated",
    lambda s: one_in_three(1)(s) and is_short(derived(s.source)),
)
def told(subject: Subject) -> None:
    network = shrunk(declared(subject.source))
    wrong = false(network, emit(network))
    assert not wrong, "\n".join(wrong)


@holds("LaTeX compiles", lambda s: s.seed % 50 == 0)
def compiles(subject: Subject) -> None:
    import subprocess

    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "net.tex").write_text(subject.latex, encoding="utf-8")
        command = ["pdflatex", "-interaction=nonstopmode", "net.tex"]
        subprocess.run(command, cwd=folder, capture_output=True, check=False, timeout=120)
        log = (Path(folder) / "net.log").read_text(encoding="latin-1")
    assert "Output written" in log
    assert not [line for line in log.splitlines() if line.startswith("!")]
