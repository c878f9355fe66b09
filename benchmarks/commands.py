"""`python -m benchmarks.commands`: how long the commands take, in units of importing what they
stand on.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks.timing import PYTHON, ratio, report

THREE_LAYERS = """from bpgen import *
x = input(784)
y = label(10)
h = dense(x, 256, relu)
h = dense(h, 128, relu)
p = softmax(dense(h, 10))
L = loss(categorical_cross_entropy(p, y))
"""


GPT = Path(__file__).resolve().parents[1] / "examples" / "gpt.py"  # six blocks


def main() -> None:
    click, sympy = [PYTHON, "-c", "import click"], [PYTHON, "-c", "import sympy"]
    with tempfile.TemporaryDirectory() as folder:
        net = Path(folder) / "three.py"
        net.write_text(THREE_LAYERS)
        bpgen = [PYTHON, "-m", "bpgen"]
        report("bpgen --help / import click", ratio([*bpgen, "--help"], click), 1.5)
        report("bpgen derive / import sympy", ratio([*bpgen, "derive", str(net)], sympy), 2.5)
        report(
            "bpgen emit / import sympy",
            ratio([*bpgen, "emit", str(net), "-o", f"{folder}/out.py"], sympy),
            2,
        )
        report("bpgen derive gpt / import sympy", ratio([*bpgen, "derive", str(GPT)], sympy), 6)
        report(
            "bpgen emit gpt / import sympy",
            ratio([*bpgen, "emit", str(GPT), "-o", f"{folder}/gpt.py"], sympy),
            4,
        )


if __name__ == "__main__":
    main()
