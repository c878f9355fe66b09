"""Names that mean something in Python, C, numpy, LaTeX or bpgen's own code: of many at once, each
target is right, or says in the user's words which it cannot carry.
"""

from __future__ import annotations

import keyword

import pytest

from bpgen.derive import derive
from bpgen.emit import FAST, emitted, files_of
from bpgen.errors import NetError
from bpgen.gates.module import refuse_wrong, refuse_wrong_files
from bpgen.ir import Network
from bpgen.load import declared_by

pytestmark = pytest.mark.slow

_WORDS = """
auto char const double extern float goto inline int long register restrict short signed sizeof
static struct switch typedef union void volatile main NULL bool I y0 j1 math random np xp Any Array
Callable range len print type id object dtype rng a b c d e f g i j k l m o p q r s t u v w n N T B
W dW dz delta delta1 out d_out rows cols count size cache grads params inputs values given workspace
memory step alpha beta lambda_ pi Sigma sigma eps nabla hat bar dot frac text W_hat x_prime α Σ ħ é
_x x_ x__1 X01 T_ K
"""
_NAMES = [*keyword.kwlist, *_WORDS.split(), "a" * 60]
_NET = "h = avg_pool2d(tanh(conv_transpose2d(X, 3, 2, stride=2, padding=1)), 2)"


def _net(body: str, names: list[str]) -> str:
    lines = ["from bpgen import *", "X, Y = input(2, 3, 3), label(3)", body]
    lines.append("Z = dense(flatten(h), 3)")
    for name in names:
        lines += [f"globals()[{name!r}] = param(3)", f"Z = Z + tanh(globals()[{name!r}])"]
    return "\n".join([*lines, "L = loss(categorical_cross_entropy_with_logits(Z, Y))", ""])


def _carried() -> list[str]:
    """Those that bpgen does not refuse at once, as words of Python or of the module."""
    found = []
    for name in _NAMES:
        try:
            declared_by(_net("h = X", [name]))
        except NetError:
            continue
        found.append(name)
    return found


def _emit(network: Network, target: str) -> None:
    derivation = derive(network)
    if target == "c":
        refuse_wrong_files(dict(files_of(derivation, "c")), network, "net.py")
    else:
        refuse_wrong(emitted(derivation, target), network, "net.py", target)


@pytest.mark.parametrize("target", ["numpy", FAST, "array-api", "c"])
def test_names_are_carried_or_refused_in_words(target: str) -> None:
    names = _carried()
    assert len(names) > 60
    refused = []
    while True:
        try:
            _emit(declared_by(_net(_NET, names)), target)
        except NetError as error:
            assert "defect" not in error.remedy, error
            own = next(word for word in error.fact.split() if word in names)
            names.remove(own)
            refused.append(own)
        else:
            break
    assert set(refused) <= {"Any", "Array", "Callable", "math", "xp", "workspace"}
