"""What the tests share: the examples, and emitted modules loaded from text."""

from __future__ import annotations

import gc
import os
import signal
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from bpgen.ir import Network
    from bpgen.record import Derivation
    from bpgen.worked import Worked

# The tests run on every core already: products with threads of their own would only wait.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# One network after another in one process: sympy has forgotten the first by the time it comes again.
os.environ.setdefault("SYMPY_CACHE_SIZE", "10000")
# What a shell starts in the background ignores Ctrl-C, and so would all that it starts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
# Expressions are many small objects that live long: looked through for garbage they take a fifteenth of the time, and
# what is thrown away in rings is little.
gc.disable()

ROOT = Path(__file__).resolve().parent.parent
TYPES = ROOT / ".mypy_cache" / "emitted"  # what mypy knows of numpy, for all that run it
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))


def module_of(source: str, name: str = "emitted") -> ModuleType:
    """The module with this source text."""
    module = ModuleType(name)
    exec(compile(source, f"<{name}>", "exec"), module.__dict__)
    return module


@cache
def declared(source: str) -> Network:
    """The network of the text of a net.py."""
    from bpgen.load import declared_by

    return declared_by(source)


@cache
def derived(source: str) -> Derivation:
    """Its derivation."""
    from bpgen.derive import derive

    return derive(declared(source))


@cache
def of_example(name: str) -> Derivation:
    """The derivation of an example."""
    from bpgen.derive import derive
    from bpgen.load import load

    return derive(load(ROOT / "examples" / f"{name}.py"))


@cache
def drawn(name: str) -> Worked:
    """The numbers of an example, drawn."""
    from bpgen.worked.drawn import at_drawn

    return at_drawn(of_example(name))


@cache
def written(source: str) -> str:
    """The text of its module."""
    from bpgen import emit

    return emit.emitted(derived(source))


@cache
def emitted(source: str) -> ModuleType:
    """Its module."""
    return module_of(written(source))


@cache
def example(name: str) -> ModuleType:
    """The committed module of an example."""
    return module_of((ROOT / "generated" / f"{name}.py").read_text(), name)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--coverage", action="store_true", help="measure how much of bpgen is reached")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Those that take long first: none is waited for at the end. Those of one network of the corpus
    together: whichever process they are in, it is derived and written once.
    """
    together: dict[str, int] = {}
    places = {}
    for place, item in enumerate(items):
        name = getattr(item, "callspec", None) and item.callspec.params.get("of_corpus")
        first = together.setdefault(name, place) if name else place
        places[item] = (item.get_closest_marker("long") is None, first)
    items.sort(key=places.__getitem__)


def pytest_collection_finish() -> None:
    """What is imported by now stays: it need not be looked through for garbage."""
    gc.freeze()


def pytest_runtest_setup() -> None:
    """Nor what the tests before have made, by who asks for it: hypothesis does, once."""
    gc.freeze()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish() -> None:
    """Nor what the tests have made: the process ends."""
    gc.freeze()


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--coverage"):
        from tests.coverage.plugin import Coverage

        config.pluginmanager.register(Coverage())


@pytest.fixture(params=EXAMPLES, ids=lambda p: p.stem)
def net(request: pytest.FixtureRequest) -> Path:
    """Each example's net.py in turn."""
    path: Path = request.param
    return path


@pytest.fixture
def in_a_folder_with_nets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A net.py, and the same under a name that is none of Python's."""
    from tests.command_line import NET

    monkeypatch.chdir(tmp_path)
    Path("net.py").write_text(NET)
    Path("my-net 2.py").write_text(NET)


@pytest.fixture
def libraries(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Modules that compute by C keep what they build in a folder of the tests', for all of them."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "libraries"))
