"""`python -m benchmarks.gate`: what emit's check of what it is about to write costs, of each
example: the processor's seconds of emit without and with it, and the check's share of the whole.

In interleaved rounds, of which the quickest counts, each in a process forked for it: all is
imported, and nothing is remembered of the network. What is imported is frozen: a collection of
garbage in the fork would else copy all of it, and count as time of whichever part it falls in.
"""

from __future__ import annotations

import gc
import time
from multiprocessing import get_context
from pathlib import Path

from bpgen.emit import emit
from bpgen.gates.module import refuse_wrong
from bpgen.load import load

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
BAR = 1 / 3  # of the time of emit with its check
ROUNDS = 3


def once(net: Path) -> tuple[float, float]:
    """Seconds to load, derive and emit, and seconds of the check."""
    start = time.thread_time()
    network = load(net)
    source = emit(network)
    emitted = time.thread_time()
    refuse_wrong(source, network, str(net))
    return emitted - start, time.thread_time() - emitted


def main() -> None:
    nets = sorted(EXAMPLES.glob("*.py"))
    once(EXAMPLES / "toy_2_2_1.py")  # what is imported at its first use
    gc.freeze()
    with get_context("fork").Pool(1, maxtasksperchild=1) as pool:
        rounds = [pool.map(once, nets, chunksize=1) for _ in range(ROUNDS)]
    found = dict(zip(nets, zip(*rounds, strict=True), strict=True))
    print(f"{'example':24} {'unchecked':>10} {'checked':>9} {'share':>6}")
    for net, times in found.items():
        unchecked, check = (min(t[k] for t in times) for k in (0, 1))
        share = check / (unchecked + check)
        verdict = "within" if share <= BAR else "OVER"
        whole = unchecked + check
        print(f"{net.stem:24} {unchecked:8.2f} s {whole:7.2f} s {share:6.0%}  ({verdict} a third)")


if __name__ == "__main__":
    main()
