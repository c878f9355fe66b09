"""Planned modules: the numbers of the plain ones, in memory that is there before."""

from __future__ import annotations

import inspect
import pickle
import re
import subprocess
import sys
import tracemalloc
from copy import copy, deepcopy
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from bpgen.check.agreement import difference
from bpgen.check.module import Subject
from bpgen.emit import FAST, emit, emitted
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
from tests.texts.corpus import DRAWN, SOURCES

N, T = 5, 4
NETS = {name: net for name, net in SOURCES.items() if name not in DRAWN}
ROUNDING = 1e-12


@cache
def planned(net: str) -> str:
    return emitted(derived(net), FAST)


def _arguments(net: str, module: ModuleType, batch: int = N, dtype: Any = np.float64) -> Any:
    """Parameters, inputs, and the targets, or what outputs receive."""
    subject = Subject(planned(net), declared(net), long=(T,))
    point = subject.draw(np.random.default_rng(0), batch)
    given = [{k: _typed(a, dtype) for k, a in group.items()} for group in point.groups()]
    return given[0], [*given[1].values()], [*given[2].values()]


def _typed(array: Any, dtype: Any) -> Any:
    array = np.asarray(array)
    return array.astype(dtype) if array.dtype.kind == "f" else array


def _workspace(module: ModuleType, batch: int = N, dtype: Any = np.float64) -> Any:
    names = [n for n in inspect.signature(module.workspace).parameters if n != "dtype"]
    return module.workspace(*(batch if n == "N" else T for n in names), dtype=dtype)


def _results(module: ModuleType, given: Any, **more: Any) -> dict[str, Any]:
    """All that a module computes of these arguments, by name; copies, for memory is written over."""
    params, inputs, rest = given
    found: dict[str, Any] = {}
    with np.errstate(all="ignore"):
        outputs, cache = module.forward(params, *inputs, **more)
        for k, output in enumerate(outputs if isinstance(outputs, tuple) else (outputs,)):
            found[f"output {k}"] = np.copy(output)
        grads = module.backward(params, cache, *rest, inputs=True, **more)
        found |= {f"d {name}": np.copy(g) for name, g in grads.items()}
        if hasattr(module, "loss"):
            found["loss"] = module.loss(params, *inputs, *rest, **more)
            value, grads = module.loss_and_grad(params, *inputs, *rest, **more)
            found["value"] = value
            found |= {f"dd {name}": np.copy(g) for name, g in grads.items()}
    return found


def _near(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert one.keys() == other.keys()
    for name, a in one.items():
        b = other[name]
        assert np.shape(a) == np.shape(b) and np.asarray(a).dtype == np.asarray(b).dtype, name
        finite = np.asarray(a)[np.isfinite(a)]
        scale = max(1.0, float(np.max(np.abs(finite), initial=0)))
        assert np.allclose(a, b, rtol=ROUNDING, atol=ROUNDING * scale, equal_nan=True), name


def _same(one: dict[str, Any], other: dict[str, Any]) -> None:
    for name, a in one.items():
        assert np.asarray(a).tobytes() == np.asarray(other[name]).tobytes(), name


@pytest.mark.parametrize("of_corpus", [*one_in(31, [*NETS]), *one_in(60, [*DRAWN][::3])])
def test_is_what_its_equations_say(of_corpus: str) -> None:
    """Of random networks a third: each is the plain module, below, which is what they say."""
    net = SOURCES[of_corpus]
    assert difference(planned(net), declared(net)) is None


@pytest.mark.parametrize("of_corpus", [*one_in(31, [*NETS]), *one_in(180, [*DRAWN])])
def test_is_the_plain_module_with_a_workspace_and_without(of_corpus: str) -> None:
    net = SOURCES[of_corpus]
    plain, fast = module_of(written(net)), module_of(planned(net))
    given, workspace = _arguments(net, fast), _workspace(fast)
    alone = _results(fast, given)
    _near(_results(plain, given), alone)
    for _ in range(2):  # the second call finds what the first left there
        _same(alone, _results(fast, given, workspace=workspace))
    _same(alone, _results(fast, given, workspace=workspace, checked=False))


@pytest.mark.parametrize("path", one_in(7, EXAMPLES))
def test_gradients_are_one_flat_array(path: Path) -> None:
    net = path.read_text()
    module = module_of(planned(net))
    params, inputs, rest = _arguments(net, module)
    workspace = _workspace(module)
    if hasattr(module, "loss"):
        _, grads = module.loss_and_grad(params, *inputs, *rest, workspace=workspace)
    else:
        _, cache = module.forward(params, *inputs, workspace=workspace)
        grads = module.backward(params, cache, *rest, workspace=workspace)
    (flat,) = workspace["flat"]
    assert all(np.shares_memory(flat, g) for g in grads.values())
    assert np.array_equal(module.pack(grads), flat)


def test_single_precision_stays_single() -> None:
    net = next(p for p in EXAMPLES if p.stem == "lstm").read_text()
    module = module_of(planned(net))
    given = _arguments(net, module, dtype=np.float32)
    found = _results(module, given, workspace=_workspace(module, dtype=np.float32))
    assert {np.asarray(a).dtype for n, a in found.items() if n[0] in "do"} == {np.dtype("float32")}


WITH_TARGETS = (
    'x = input("T", below=9)\ny = target(2)\nz = dense(last(embedding(x, 9, 4)), 2)\n',
    "x, y = input(3), target(2)\nz = dense(dense(x, 4, tanh), 2)\n",
)


@pytest.mark.parametrize("lines", WITH_TARGETS)
def test_a_target_of_wider_numbers_makes_no_memory_wider(lines: str) -> None:
    """numpy's dot and take write into nothing wider than what they read."""
    net = f"from bpgen import *\n{lines}L = loss(squared_error(z, y))\n"
    module = module_of(planned(net))
    params, inputs, (y,) = _arguments(net, module, dtype=np.float32)
    narrow, wide = (module.loss_and_grad(params, *inputs, a) for a in (y, y.astype(np.float64)))
    for name, gradient in wide[1].items():
        assert gradient.dtype == np.float32
        np.testing.assert_allclose(gradient, narrow[1][name], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("lines", ["A = param(3, 3)\nr = A @ t - x", "r = sum(t) * x"])
def test_a_target_that_is_multiplied_has_the_precision_of_all_or_is_refused(lines: str) -> None:
    net = f"from bpgen import *\nx, t = input(3), target(3)\n{lines}\nL = loss(sum(r**2))\n"
    plain, module = module_of(written(net)), module_of(planned(net))
    params, (x,), (t,) = _arguments(net, module, dtype=np.float32)
    wide = t.astype(np.float64)
    assert module.loss_and_grad(params, x, t)[0] == pytest.approx(
        plain.loss(params, x, t), rel=1e-5
    )
    with pytest.raises(TypeError, match="workspace holds float32, and these arguments are float64"):
        module.loss_and_grad(params, x, wide, workspace=_workspace(module, dtype=np.float32))
    value, _ = module.loss_and_grad(params, x, wide)
    assert value == pytest.approx(plain.loss(params, x, wide), rel=1e-5)


USED_ALONE = (
    "x, u, y = input(below=5), input(4), target(4)\nz = embedding(x, 5, 4) * u\n",
    "x, y = input(3), target(3)\nW = param(3, 3)\nz = W @ W @ x\n",
)


@pytest.mark.parametrize("lines", USED_ALONE)
def test_parameters_that_are_used_alone_have_the_precision_of_all(lines: str) -> None:
    """As numpy's dot and take need it; wider ones than the inputs do."""
    net = f"from bpgen import *\n{lines}L = loss(squared_error(z, y))\n"
    module = module_of(planned(net))
    narrow, (*inputs, x), (y,) = _arguments(net, module, dtype=np.float32)
    name, wide = next(iter(narrow)), {n: a.astype(np.float64) for n, a in narrow.items()}
    said = f"params: {name} holds float32, and these arguments are float64: give all in one"
    with pytest.raises(TypeError, match=said):
        module.loss_and_grad(narrow, *inputs, x.astype(np.float64), y)
    _, grads = module.loss_and_grad(wide, *inputs, x, y)
    assert {g.dtype for g in grads.values()} == {np.dtype(np.float64)}


def test_parameters_or_inputs_have_the_precision_of_all_where_they_are_multiplied() -> None:
    """As numpy's dot needs it; where the others are wider, or of complex numbers, all is well."""
    net = (
        "from bpgen import *\nx, u = input(3), input(2)\nW, b = param(2, 3), param(2)\n"
        "L = loss(sum((W @ x + b) * u))\n"
    )
    module = module_of(planned(net))
    params, (x, u), _ = _arguments(net, module, dtype=np.float32)
    said = "params: W holds float32, inputs float32, and others float64: give all in one"
    mixed = params | {"b": params["b"].astype(np.float64)}
    for given in ((mixed, x, u), (params, x, u.astype(np.float64))):
        with pytest.raises(TypeError, match=said):
            module.loss_and_grad(*given)
    wide = {n: a.astype(np.float64) for n, a in params.items()}
    value, _ = module.loss_and_grad(wide, x, u)
    inputs = x.astype(np.float64), u.astype(np.float64)
    assert module.loss_and_grad(mixed, *inputs)[0] == pytest.approx(value, rel=1e-5)
    beside = x.astype(np.complex64), u.astype(np.complex64)
    assert module.loss_and_grad(wide, *beside)[0] == pytest.approx(value, rel=1e-5)


TOY = next(p for p in EXAMPLES if p.stem == "toy_2_2_1").read_text()


@pytest.mark.parametrize(
    ("batch", "dtype", "error", "said"),
    [
        (6, np.float64, ValueError, "workspace is for N = 6, not 5"),
        (5, np.float32, TypeError, "workspace holds float32, and these arguments are float64"),
    ],
)
def test_other_memory_is_refused(batch: int, dtype: Any, error: type, said: str) -> None:
    module = module_of(planned(TOY))
    params, inputs, rest = _arguments(TOY, module)
    workspace = _workspace(module, batch, dtype)
    with pytest.raises(error, match=re.escape(said)):
        module.loss_and_grad(params, *inputs, *rest, workspace=workspace)


def test_what_is_no_workspace_is_refused() -> None:
    module = module_of(planned(TOY))
    params, inputs, rest = _arguments(TOY, module)
    whole = _workspace(module, 5, np.float64)
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
    params, inputs, rest = _arguments(TOY, module)
    whole = _workspace(module, 5, np.float64)
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
    params, inputs, rest = _arguments(TOY, module)
    whole = _workspace(module, 5, np.float64)
    module.loss_and_grad(params, *inputs, *rest, workspace=copy(whole))  # of the dict alone
    for other in (deepcopy(whole), pickle.loads(pickle.dumps(whole))):
        with pytest.raises(ValueError, match="workspace is a copy, whose arrays share no memory"):
            module.loss_and_grad(params, *inputs, *rest, workspace=other)


def test_a_parameter_that_is_one_number_may_be_a_float() -> None:
    net = (
        "from bpgen import *\nx, w, b = input(2), param(2), param()\nL = loss((dot(w, x) + b) ** 2)"
    )
    plain, fast = module_of(written(net)), module_of(planned(net))
    params, x = {"w": np.array([3.0, 4.0]), "b": 0.5}, np.array([[2.0, 1.0]])
    (value, grads), (also, alike) = (m.loss_and_grad(params, x) for m in (plain, fast))
    assert value == pytest.approx(also)
    assert grads["b"] == alike["b"] and np.allclose(grads["w"], alike["w"])


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
        params, inputs, rest = _arguments(net, module, batch)
        workspace = _workspace(module, batch)
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
    workspace = _workspace(module)
    params, inputs, _ = _arguments(RECURRENT, module)
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


@pytest.mark.parametrize("name", sorted(PLANNED))
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
