"""`python -m benchmarks.growth`: time and size of dense networks of 10, 100 and 1,000 layers, per
layer.
"""

from __future__ import annotations

import time

from bpgen.derive import derive
from bpgen.emit import emitted
from bpgen.load import declared_by
from bpgen.render import render

DEEP = """from bpgen import *
x = input(8)
y = label(10)
h = x
for _ in range({layers}):
    h = dense(h, 8, tanh)
p = softmax(dense(h, 10))
L = loss(categorical_cross_entropy(p, y))
"""


def measure(layers: int) -> tuple[float, float, float, int, int]:
    """Seconds to load and derive, to render and to emit; characters of LaTeX and of Python."""
    start = time.perf_counter()
    derivation = derive(declared_by(DEEP.format(layers=layers)))
    derived = time.perf_counter()
    page = render(derivation, fmt="latex")
    rendered = time.perf_counter()
    module = emitted(derivation)
    done = time.perf_counter()
    return derived - start, rendered - derived, done - rendered, len(page), len(module)


def main() -> None:
    measure(1)  # sympy's own first use
    print(
        "layers  derive ms/layer  render ms/layer  emit ms/layer  LaTeX char  module char (a layer)"
    )
    for layers in (10, 100, 1000):
        derive_s, render_s, emit_s, page, module = measure(layers)
        times = "  ".join(f"{1000 * s / layers:15.2f}" for s in (derive_s, render_s, emit_s))
        print(f"{layers:6}  {times}  {page / layers:16.0f}  {module / layers:17.0f}")


if __name__ == "__main__":
    main()
