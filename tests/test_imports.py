"""Who imports whom: no circle among modules, nor among the parts of a folder. An import counts
wherever it stands, within a function or under TYPE_CHECKING too, and by its name.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest
from sympy.utilities.iterables import strongly_connected_components

from tests.conftest import ROOT

Graph = Mapping[str, set[str]]
Circle = frozenset[str]


def modules(root: Path) -> dict[str, Path]:
    """Every module of a package by its name."""
    found = {}
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def _imported(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Each name that is imported anywhere, and what it is imported from."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield from ((f"{node.module}.{alias.name}", str(node.module)) for alias in node.names)
        elif isinstance(node, ast.Call) and _called(node) == "import_module":
            yield from ((a.value, a.value) for a in node.args if isinstance(a, ast.Constant))


def _called(node: ast.Call) -> str:
    return str(getattr(node.func, "attr", getattr(node.func, "id", "")))


@cache
def imports(root: Path) -> Graph:
    """The modules of the same package that each module imports."""
    every = modules(root)
    graph = {}
    for name, path in every.items():
        found = _imported(ast.parse(path.read_text()))
        graph[name] = {next((m for m in both if m in every), name) for both in found} - {name}
    return graph


def circles(graph: Graph) -> set[Circle]:
    """The largest sets of nodes of which each leads to each."""
    arcs = [(one, other) for one, others in graph.items() for other in others]
    found = strongly_connected_components((list(graph), arcs))
    return {frozenset(part) for part in found if len(part) > 1}


def _part(module: str, folder: str) -> str:
    """The file or folder in a folder that a module is, or is in; "" of one elsewhere."""
    inside = module.removeprefix(f"{folder}.")
    return f"{folder}.{inside.partition('.')[0]}" if inside != module else ""


def parts(graph: Graph, folder: str) -> Graph:
    """The files and folders of a folder, by the imports of all that is in them."""
    found: dict[str, set[str]] = {}
    for module, others in graph.items():
        if own := _part(module, folder):
            inside = {_part(other, folder) for other in others} - {own, ""}
            found.setdefault(own, set()).update(inside)
    return found


def every_circle(root: Path) -> set[Circle]:
    """The circles of a package: of its modules, and of the parts of each of its folders."""
    graph = imports(root)
    folders = {name for name, path in modules(root).items() if path.name == "__init__.py"}
    return circles(graph).union(*(circles(parts(graph, folder)) for folder in folders))


def test_there_are_no_circles_of_imports() -> None:
    assert every_circle(ROOT / "bpgen") == set()


def _written(root: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        path = root / "p" / name
        for folder in (root / "p", path.parent):
            folder.mkdir(exist_ok=True)
            (folder / "__init__.py").touch()
        path.write_text(text)
    return root / "p"


STRAIGHT = {
    "low.py": "import sys\n",
    "a/one.py": "from p import low\nfrom p.low import sys\n",
    "a/two.py": "from p.a import one\nimport p.low\n",
    "b/three.py": "from p.a.two import one\n",
}


def test_what_leads_down_is_no_circle(tmp_path: Path) -> None:
    root = _written(tmp_path, STRAIGHT)
    assert imports(root)["p.b.three"] == {"p.a.two"}
    assert imports(root)["p.a.one"] == {"p.low"}
    assert every_circle(root) == set()


@pytest.mark.parametrize(
    "text",
    [
        "from p.a.two import one\n",
        "def f():\n    from p.a import two\n",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import p.a.two\n",
        "import importlib\nimportlib.import_module('p.a.two')\n",
    ],
)
def test_a_circle_is_found_wherever_the_import_stands(tmp_path: Path, text: str) -> None:
    root = _written(tmp_path, {**STRAIGHT, "low.py": text})
    assert frozenset({"p.low", "p.a.one", "p.a.two"}) in every_circle(root)
    assert frozenset({"p.low", "p.a"}) in every_circle(root)


def test_a_circle_of_folders_is_found_where_no_modules_are_one(tmp_path: Path) -> None:
    root = _written(tmp_path, {**STRAIGHT, "a/top.py": "import p.b.three\n"})
    assert circles(imports(root)) == set()
    assert every_circle(root) == {frozenset({"p.a", "p.b"})}
