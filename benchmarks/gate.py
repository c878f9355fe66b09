"""`python -m benchmarks.gate`: what it costs that emit runs what it is about to write, and that
derive reads back what it is about to print: of each example the processor's seconds without and
with it, and its share of the whole, and of the whole with what the commands import.

In interleaved rounds, of which the quickest counts, each in a process forked for it: all is
imported, and nothing is remembered of the network. What is imported is frozen: a collection of
garbage in the fork would else copy all of it, and count as time of whichever part it falls in.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path

from bpgen.derive import derive
from bpgen.emit import emit
from bpgen.gates.module import refuse_wrong
from bpgen.gates.page import refuse_false
from bpgen.load import load
from bpgen.render import render

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
BAR = 1 / 3  # of the time of a command with its check
ROUNDS = 3


def emitted(net: Path) -> Callable[[], object]:
    network = load(net)
    source = emit(network)
    return lambda: refuse_wrong(source, network, str(net))


def printed(net: Path) -> Callable[[], object]:
    derivation = derive(load(net))
    render(derivation, fmt="latex")
    return lambda: refuse_false(derivation, "matrix", "short", str(net))


COMMANDS = {"emit": emitted, "derive": printed}


def once(asked: tuple[str, Path]) -> tuple[float, float]:
    """Seconds of a command without its check, and of the check."""
    command, net = asked
    start = time.thread_time()
    check = COMMANDS[command](net)
    made = time.thread_time()
    check()
    return made - start, time.thread_time() - made


def main() -> None:
    imports = time.process_time()
    asked = [(command, net) for command in COMMANDS for net in sorted(EXAMPLES.glob("*.py"))]
    for command in COMMANDS:
        once((command, EXAMPLES / "toy_2_2_1.py"))  # what is imported at its first use
    gc.freeze()
    with get_context("fork").Pool(1, maxtasksperchild=1) as pool:
        rounds = [pool.map(once, asked, chunksize=1) for _ in range(ROUNDS)]
    print(f"imports {imports:.2f} s")
    print(f"{'':8} {'example':20} {'unchecked':>10} {'checked':>9} {'share':>6} {'of all':>7}")
    for (command, net), times in zip(asked, zip(*rounds, strict=True), strict=True):
        unchecked, check = (min(t[k] for t in times) for k in (0, 1))
        whole = unchecked + check
        share = check / (imports + whole)
        verdict = "within" if share <= BAR else "OVER"
        found = f"{unchecked:8.2f} s {whole:7.2f} s {check / whole:6.0%} {share:7.0%}"
        print(f"{command:8} {net.stem:20} {found}  ({verdict} a third)")


if __name__ == "__main__":
    main()
