"""Planned modules: the numbers of the plain ones, in memory that is there before."""

from __future__ import annotations

import subprocess
import sys
import tracemalloc
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from bpgen.check.agreement import difference
from bpgen.emit import FAST, emit
from bpgen.errors import NetError
from bpgen.functions import ROWS
from bpgen.ir import Malformed
from bpgen.load import declared_by
from bpgen.names import PLANNED
from bpgen.network.shrink import shrunk
from bpgen.planning import body, functions
from bpgen.planning.helpers import helper
from bpgen.planning.memory import sharing
from bpgen.planning.memory.liveness import Liveness
from bpgen.prove import prove
from tests.conftest import EXAMPLES, ROOT, TYPES, declared, derived, module_of, of_example, written
from tests.documents import blocks
from tests.few import few, one_in
from tests.planned import TOY, N, T, arguments, memory_for, near, planned, results, same
from tests.texts.corpus import DRAWN, SOURCES

NETS = {name: net for name, net in SOURCES.items() if name not in DRAWN}


@pytest.mark.parametrize("of_corpus", [*one_in(31, [*NETS]), *one_in(60, [*DRAWN][::3])])
def test_is_what_its_equations_say(of_corpus: str) -> None:
    """Of random networks a third: each is the plain module, below, which is what they say."""
    net = SOURCES[of_corpus]
    assert difference(planned(net), declared(net)) is None


@pytest.mark.parametrize("of_corpus", [*one_in(31, [*NETS]), *one_in(180, [*DRAWN])])
def test_is_the_plain_module_with_a_workspace_and_without(of_corpus: str) -> None:
    net = SOURCES[of_corpus]
    plain, fast = module_of(written(net)), module_of(planned(net))
    given, workspace = arguments(net, fast), memory_for(fast)
    alone = results(fast, given)
    near(results(plain, given), alone)
    for _ in range(2):  # the second call finds what the first left there
        same(alone, results(fast, given, workspace=workspace))
    same(alone, results(fast, given, workspace=workspace, checked=False))


@pytest.mark.parametrize("path", one_in(14, EXAMPLES))
def test_gradients_are_one_flat_array(path: Path) -> None:
    net = path.read_text()
    module = module_of(planned(net))
    params, inputs, rest = arguments(net, module)
    workspace = memory_for(module)
    if hasattr(module, "loss"):
        _, grads = module.loss_and_grad(params, *inputs, *rest, workspace=workspace)
    else:
        _, cache = module.forward(params, *inputs, workspace=workspace)
        grads = module.backward(params, cache, *rest, workspace=workspace)
    (flat,) = workspace["flat"]
    assert all(np.shares_memory(flat, g) for g in grads.values())
    assert np.array_equal(module.pack(grads), flat)


def test_what_relu_was_of_is_not_kept() -> None:
    """Its derivative is asked of what it came to, which is written where that was."""
    net = next(p for p in EXAMPLES if p.stem == "digits").read_text()
    assert "np.greater(z1, 0, mask)" not in planned(net)
    assert "evaluated as sum_j delta[n,j] W2[j,i] step(h[n,i])" in planned(net)
    assert "z1 = h = np.empty" in planned(net)
    assert '"z1": z1' in written(net)


HELPERS = [row.name for row in ROWS.values() if row.helper and helper(row.name) is not None]


@pytest.mark.parametrize("name", HELPERS)
def test_a_function_writes_what_it_would_return(name: str) -> None:
    from bpgen.targets.numpy.planned_parts import PlannedParts

    of, sources = helper(name), PlannedParts(derived(TOY)).sources
    assert of is not None
    module = ModuleType("functions")
    text = "\n".join(s for s in sources.values())
    exec(f"from __future__ import annotations\nimport numpy as np\n{text}", module.__dict__)
    rng = np.random.default_rng(0)
    z = np.concatenate([rng.normal(size=200), [0.0, -0.0, 30.0, -30.0, 700.0, -700.0]])
    given = [0.3 if number else rng.permutation(z) for number in of.numbers]
    scratch = [np.empty(z.shape, bool if k == "mask" else float) for k in of.scratch]
    out = np.empty(z.shape)
    with np.errstate(all="ignore"):
        expected = getattr(module, name)(*given)
        getattr(module, f"{name}_into")(*given, out, *scratch)
    assert np.array_equal(out, expected, equal_nan=True)


# What still makes arrays of its own: the error function and sums of squares, whose functions are
# more than elementary calls, and a scalar of several sums.
NOT_YET = ("gpt", "own_activation", "own_loss", "lstm", "digits_conv")


@pytest.mark.parametrize(
    "path",
    few([p for p in EXAMPLES if p.stem not in NOT_YET], lambda p: p.stem[0] in "ad"),
)
def test_with_a_workspace_nothing_grows_with_the_batch(path: Path) -> None:
    net = path.read_text()
    module = module_of(planned(net))
    if not hasattr(module, "loss"):
        return
    peaks = []
    for batch in (10_000, 20_000):  # beyond the 8,192 numbers that numpy casts at a time
        params, inputs, rest = arguments(net, module, batch)
        workspace = memory_for(module, batch)
        for _ in range(2):
            tracemalloc.start()
            module.loss_and_grad(params, *inputs, *rest, workspace=workspace, checked=False)
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        peaks.append(peak)
    assert peaks[1] - peaks[0] < 1000


def test_memory_that_is_shared_too_early_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def at_once(name: str, blocks: Any, lives: Liveness, *rest: Any) -> None:
        lives.last[name] = -1
        place(name, blocks, lives, *rest)

    net = next(p for p in EXAMPLES if p.stem == "autoencoder").read_text()
    assert difference(emit(declared_by(net), FAST), declared(net)) is None
    place = sharing._place
    monkeypatch.setattr(sharing, "_place", at_once)
    with pytest.raises(Malformed, match="is read, and its memory holds"):
        emit(declared_by(net), FAST)
    monkeypatch.setattr(functions, "verify", lambda _: None)
    monkeypatch.setattr(body, "verify_values", lambda *_: None)
    assert difference(emit(declared_by(net), FAST), declared_by(net)) is not None


ALONG_THE_FIRST = """from bpgen import *
i, j, k = indices("i j k")
x, y = input(2, 3), label(2, 3)
p = tensor(2 * exp(x[i, j]) / sum(exp(x[k, j]), k), i, j)
q = tensor(x[i, j] - log(sum(exp(x[k, j]), k)), j, i)
L = loss(sum(p ** 2) + sum(q[j, y[j]], j))
"""


def test_softmaxes_along_another_axis() -> None:
    """Its rows are one after another in memory, in whatever order the axes of an array are."""
    assert difference(emit(declared_by(ALONG_THE_FIRST), FAST), declared(ALONG_THE_FIRST)) is None


ANOTHER_LENGTH = """from bpgen import *
s, t = indices("s t")
c, x, w = input("S"), input("T"), param()
o = repeat(2, lambda h: tensor(tanh(h[t]) + sum(sin(w * c[s]), s), t), x)
output(o)
"""


def test_blocks_that_alone_speak_of_a_length() -> None:
    text = emit(declared_by(ANOTHER_LENGTH), FAST)
    assert difference(text, declared(ANOTHER_LENGTH)) is None
    with pytest.raises(ValueError, match="backward needs the cache"):
        module_of(text).backward({"w": np.zeros(())}, {}, np.zeros((1, 2)))


RECURRENT = """
from bpgen import *
t, i, j = indices("t i j")
x = input("T", 3)
W, U = param(3, 3), param(3, 3)
h, s = recurrent("T", 3), recurrent("T", 3)
s[t, i] = tanh(sum(W[i, j] * x[t, j], j) + sum(U[i, j] * h[t - 1, j], j))
h[t, i] = s[t, i] * h[t - 1, i] + tanh(x[t, i])
output(h)
"""


def test_each_step_writes_one_stretch_of_memory() -> None:
    module = module_of(planned(RECURRENT))
    workspace = memory_for(module)
    params, inputs, _ = arguments(RECURRENT, module)
    output, cache = module.forward(params, *inputs, workspace=workspace)
    assert output.shape == (N, T, 3)
    for array in (output, cache["s"]):
        assert all(array[:, t].flags.c_contiguous for t in range(T))


def test_what_a_step_leaves_for_the_next_is_not_written_over() -> None:
    assert difference(emit(declared_by(RECURRENT), FAST), declared(RECURRENT)) is None


def test_the_program_of_the_readme_learns(monkeypatch: pytest.MonkeyPatch) -> None:
    (text,) = (t for kind, t in blocks((ROOT / "README.md").read_text()) if "digits_fast" in t)
    digits = next(p for p in EXAMPLES if p.stem == "digits").read_text()
    monkeypatch.setitem(sys.modules, "digits_fast", module_of(planned(digits)))
    found: dict[str, Any] = {}
    exec(text, found)
    module, params = found["digits_fast"], found["params"]
    first = module.loss(module.init(0), found["x"], found["y"])
    assert found["loss"] < 0.9 * first
    assert all(np.shares_memory(p, found["weights"]) for p in params.values())


def test_a_planned_module_that_is_wrong_is_not_proved(tmp_path: Path) -> None:
    right = planned(TOY)
    wrong = right.replace("ones.dot(delta1, db1)", "ones.dot(x, db1)", 1)
    assert wrong != right
    (tmp_path / "toy.py").write_text(wrong)
    assert not prove(str(tmp_path / "toy.py")).ok


@pytest.mark.slow
def test_lint_and_types(tmp_path: Path) -> None:
    for path in EXAMPLES:
        (tmp_path / path.name).write_text(planned(path.read_text()))
    for command in (
        ["ruff", "check", "--isolated", "--no-cache"],
        ["ruff", "format", "--check", "--isolated", "--no-cache"],
        ["mypy", "--strict", "--config-file=", f"--cache-dir={TYPES}"],
    ):
        files = map(str, tmp_path.glob("*.py"))
        done = subprocess.run(
            [sys.executable, "-m", *command, *files], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_checks_itself(path: Path) -> None:
    """In this process, with every warning an error; the GPT at smaller sizes: at its own, it is the
    plain module, as is shown above, which checks itself.
    """
    small = path.stem == "gpt"
    text = emit(shrunk(of_example("gpt").network), FAST) if small else planned(path.read_text())
    assert module_of(text)._self_check()


@pytest.mark.slow
def test_checks_itself_as_a_program(tmp_path: Path) -> None:
    module = tmp_path / "toy.py"
    module.write_text(planned(TOY))
    line = [sys.executable, "-W", "error", str(module)]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", one_in(3, sorted(PLANNED)))
def test_names_of_its_own_are_refused(name: str) -> None:
    net = f"from bpgen import *\nx, {name} = input(2), param(2)\noutput({name} * x)\n"
    assert emit(declared_by(net))  # which the plain module takes
    with pytest.raises(NetError) as error:
        emit(declared_by(net), FAST)
    assert str(error.value) == (
        f"net: {name} is what a planned module calls its own\n"
        f"  call it {name}1, or leave out --fast"
    )


def test_memory_of_a_length_that_another_function_alone_knows_is_not_shared() -> None:
    """loss_and_grad asks for no array as long as the sequence, of which forward keeps one."""
    net = (
        "from bpgen import *\nx, y = input('T'), target()\n"
        "L = loss(0.5 * (tanh(erfc(max(x))) * logsumexp(x) - y) ** 2)\n"
    )
    assert difference(planned(net), declared(net)) is None
