"""A net.py that does what it should not, and machines that fail: each as a process of its own, with
its exit code, what it says, and what it leaves behind.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.few import one_in
from tests.forked import Done, bpgen

NET = (
    "from bpgen import *\nx, y, W = input(3), target(2), param(2, 3)\n"
    "L = loss(squared_error(W @ x, y))\n"
)
SLOW = "import time\nprint('begun', flush=True)\ntime.sleep(60)\n"
BPGEN = (sys.executable, "-m", "bpgen")


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def run(*arguments: str, net: str = NET, largest: int = 0) -> Done:
    """The exit code, and what is said on stdout and stderr, of a command and its net.py."""
    Path("net.py").write_text(net, encoding="utf-8")
    done = bpgen(*arguments, "net.py", folder=Path.cwd(), largest=largest)
    assert "Traceback" not in done.error
    return done


def files() -> list[str]:
    return sorted(str(p) for p in Path().rglob("*") if p.is_file() and "__pycache__" not in str(p))


# What a net.py does before it declares its network, which nobody should notice.
UNNOTICED = {
    "changes directory": "import os\nos.makedirs('sub')\nos.chdir('sub')",
    "leaves its directory, which is removed": (
        "import os, tempfile\nd = tempfile.mkdtemp()\nos.chdir(d)\nos.rmdir(d)"
    ),
    "makes warnings errors": "import warnings\nwarnings.simplefilter('error')",
    "makes numpy's warnings errors": "import numpy as np\nnp.seterr(all='raise')",
    "sets the precision of mpmath": "import mpmath\nmpmath.mp.dps = 2",
    "sets the recursion limit": "import sys\nsys.setrecursionlimit(10**6)",
    "patches numpy": "import numpy as np\nnp.tanh = np.result_type = np.dot = None",
    "starts a thread": "import threading\nthreading.Thread(target=print).start()",
    "closes stdout": "import sys\nsys.stdout.close()",
    "takes stderr away": "import sys\nsys.stderr = None",
    "seeds the generators": "import random, numpy as np\nrandom.seed(0)\nnp.random.seed(0)",
    "sets a signal": "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)",
    "sets the locale": "import locale\nlocale.setlocale(locale.LC_ALL, 'C')",
}


@pytest.mark.parametrize("what", one_in(5, [*UNNOTICED]))
def test_what_a_net_may_do(what: str) -> None:
    code, said, _ = run("emit", net=f"{UNNOTICED[what]}\n{NET}")
    assert code == 0
    assert said.startswith("generated/net.py: ")
    assert files() == ["generated/net.py", "net.py"]


# What may reach the checker: its numbers.
_REACHING = ("patches numpy", "precision")


@pytest.mark.parametrize(
    "what",
    [
        pytest.param(w, marks=[pytest.mark.slow] * (not any(r in w for r in _REACHING)))
        for w in UNNOTICED
    ],
)
def test_what_a_net_may_do_and_be_proved(what: str) -> None:
    assert run("check", net=f"{UNNOTICED[what]}\n{NET}").code == 0


def test_patches_end_with_the_net() -> None:
    """What it patched after the words were at hand."""
    patched = "import sympy, builtins\nsympy.Mul = sympy.expand = builtins.sorted = None\n"
    code, said, error = run("emit", net=NET + patched)
    assert (code, error) == (0, "")
    assert said.startswith("generated/net.py: ")


# What a net.py does, and what is said of it.
REFUSED = {
    "patches builtins": (
        f"import builtins\nbuiltins.len = None\n{NET}",
        "bpgen: net.py:3: TypeError: 'NoneType' object is not callable\n  net.py stopped here\n",
    ),
    "raises what cannot be said": (
        "class E(Exception):\n    def __str__(self):\n        raise ValueError\nraise E\n",
        "bpgen: net.py:4: E\n  net.py stopped here\n",
    ),
    "raises a class of its own beside Exception": (
        "class E(BaseException):\n    pass\nraise E('no')\n",
        "bpgen: net.py:3: E: no\n  net.py stopped here\n",
    ),
    "exits with 0": (
        "raise SystemExit(0)\n",
        "bpgen: net.py:1: SystemExit: 0\n  bpgen needs net.py to reach its end: leave the exit out\n",
    ),
    "recurses without end": (
        "def f():\n    f()\nf()\n",
        "bpgen: net.py:2: RecursionError: maximum recursion depth exceeded\n"
        "  a function calls itself without end, or a formula is nested too deeply\n",
    ),
    "runs out of memory": (
        "x = bytearray(10**15)\n",
        "bpgen: net.py:1: MemoryError\n  net.py stopped here\n",
    ),
    "colours the terminal": (
        "raise ValueError('\\x1b[31mred\\r\\n\\x00\\u202egnp')\n",
        "bpgen: net.py:1: ValueError: \\x1b[31mred \\x00\\u202egnp\n  net.py stopped here\n",
    ),
}


@pytest.mark.parametrize("what", one_in(2, [*REFUSED]))
def test_what_is_refused(what: str) -> None:
    net, error = REFUSED[what]
    assert run("emit", net=net) == (2, "", error)
    assert files() == ["net.py"]


def begun(*arguments: str, net: str) -> subprocess.Popen[str]:
    """The command while its net.py runs."""
    Path("net.py").write_text(net)
    command = [*BPGEN, *arguments, "net.py"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stderr is not None
    assert process.stderr.readline() == "begun\n"
    return process


def test_an_interrupt_leaves_nothing() -> None:
    process = begun("emit", net=SLOW + NET)
    process.send_signal(signal.SIGINT)
    said, error = process.communicate(timeout=20)
    assert (process.returncode, said, error.strip()) == (130, "", "bpgen: interrupted")
    assert files() == ["net.py"]


@pytest.mark.parametrize(
    "number", [pytest.param(k, marks=[pytest.mark.slow] * (k % 8 > 0)) for k in range(12)]
)
def test_a_kill_leaves_the_old_file_or_the_new_one(number: int) -> None:
    """At whatever moment of writing: the module is large, and is written again and again."""
    Path("kill.py").write_text(
        "from pathlib import Path\nfrom bpgen.write import write\n"
        "old, new = 'a' * 3_000_000, 'b' * 3_000_000\nprint('begun', flush=True)\n"
        "while True:\n    for text in (old, new):\n"
        "        write(Path('module.py'), text, Path('net.py'))\n"
    )
    process = subprocess.Popen([sys.executable, "kill.py"], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    time.sleep(0.05 + 0.003 * number)
    process.kill()
    process.communicate()
    text = Path("module.py").read_text()
    assert text in ("a" * 3_000_000, "b" * 3_000_000)


FULL = 1024  # bytes, beyond which no file grows: a disk that is full


@pytest.mark.parametrize(
    ("command", "place"), [(["emit"], "generated/net.py"), (["derive", "-o", "out.tex"], "out.tex")]
)
def test_a_full_disk(command: list[str], place: str) -> None:
    code, said, error = run(*command, largest=FULL)
    assert (code, said) == (2, "")
    assert (
        error
        == f"bpgen: {place} cannot be written: File too large\n  choose another place with -o\n"
    )
    assert files() == ["net.py"]


def test_an_old_module_survives_a_full_disk() -> None:
    run("emit")
    before = Path("generated/net.py").read_bytes()
    code, _, _ = run("emit", net=NET.replace("2", "5"), largest=FULL)
    assert code == 2
    assert Path("generated/net.py").read_bytes() == before
    assert files() == ["generated/net.py", "net.py"]


def test_answers_into_a_full_device() -> None:
    Path("net.py").write_text(NET)
    with open("/dev/full", "w") as full:
        command = [*BPGEN, "derive", "net.py"]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, check=False, text=True)
    assert done.returncode == 2
    expected = (
        "bpgen: the answer cannot be written: No space left on device\n  write it elsewhere\n"
    )
    assert done.stderr == expected


@pytest.mark.slow
@pytest.mark.parametrize("asked", ["derive net.py >&-", "check net.py 2>&-"])
def test_answers_into_a_closed_stream(asked: str) -> None:
    Path("net.py").write_text(NET)
    command = f"{sys.executable} -m bpgen {asked}"
    done = subprocess.run(command, shell=True, capture_output=True, check=False, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_answers_that_nobody_reads() -> None:
    Path("net.py").write_text(NET)
    command = f"{sys.executable} -m bpgen derive net.py | true"
    done = subprocess.run(command, shell=True, capture_output=True, check=False, text=True)
    assert done.stderr.strip() in (
        "",
        "bpgen: the answer cannot be written: Broken pipe\n  write it elsewhere",
    )
