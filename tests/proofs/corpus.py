"""The networks that are proved, one table: the examples, the words, those that are hard to print, a
deep one. Those that are compared with PyTorch, `tests.parity.test_proofs` adds.
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

from bpgen.emit import emit
from bpgen.load import load
from bpgen.network.shrink import shrunk
from bpgen.prove import claimed, proved
from tests.check import grammar
from tests.check.proved_pages import MORE
from tests.conftest import EXAMPLES, ROOT, declared, derived
from tests.proofs.proof import (
    Asked,
    Module,
    Pages,
    Proof,
    Whole,
    checks_itself,
    every_equation,
    every_line,
    every_mutant,
    every_number,
    lesson,
    no_false_alarm,
    of_module,
    pages,
    scalar_chain_rule,
    whole,
)
from tests.proofs.words import WORDS
from tests.render import equal_layers
from tests.render.nets import NETS

PLANNED = [p for p in EXAMPLES if p.stem in ("toy_2_2_1", "digits", "lstm")]
LARGE = [p for p in EXAMPLES if p.stem == "gpt"]  # whose differences take half a minute
ONE_WEIGHT = {"linear_chain", "relu_neuron", "single_neuron"}  # few places to break
GRAMMAR = grammar.TEXTS
NESTED = ("lstm", "convolution")  # which takes sympy many seconds
DEEP = (  # under the default recursion limit
    "from bpgen import *\nx = input(2)\ny = target(2)\nh = x\n"
    "for _ in range(1000):\n    h = h + dense(h, 2, tanh)/200\n"
    "L = loss(half_squared_error(h, y))\n"
)


def of_source(source: str) -> Proof:
    """The proof of the text of a net.py."""
    return Proof(lambda: whole(declared(source), Asked()), every_line)


def _told(source: str) -> Proof:
    """The pages alone of a net.py."""
    return Proof(lambda: pages(declared(source)), every_equation)


def _lesson(source: str) -> Proof:
    """The page of a net.py as a lesson, with its numbers."""
    return Proof(lambda: lesson(derived(source)), every_number)


def _of_equal_layers(source: str) -> Proof:
    """Pages on which one line is a rule for many layers."""
    return Proof(lambda: Pages(equal_layers.pages_of(source), declared(source)), every_equation)


def _example(path: Path) -> Whole:
    few = path.stem in ONE_WEIGHT
    asked = Asked(error=1e-11) if few else Asked(mutants=30, kinds=12, error=1e-11)
    return whole(load(path), asked)


def _deep() -> Whole:
    assert sys.getrecursionlimit() == 1000
    return whole(declared(DEEP), Asked())


def every_entry(made: Whole) -> str:
    """Of a module alone: of a thousand layers nobody reads the page, and to read the comments back
    takes a run of the whole network for each gradient.
    """
    return of_module(proved(made.claim), made.asked)


def _planned(path: Path) -> Whole:
    """Its module as `--fast` writes it; of its pages the one that `bpgen check` reads."""
    return Whole(claimed(load(path), fast=True), {}, Asked())


def _generated(path: Path) -> str:
    """As it lies there."""
    return (ROOT / "generated" / path.name).read_text()


def _module(path: Path) -> Module:
    """As it lies in `generated`; the GPT's at smaller sizes, as it takes minutes for each seed."""
    network = load(path)
    if path.stem == "gpt":
        return Module(emit(shrunk(network)), shrunk(network))
    return Module(_generated(path), network)


def _of_grammar(name: str) -> Module:
    """A network of the whole grammar: one made of few words, or of none."""
    return Module(grammar.source(name), grammar.network(name))


PROOFS = {
    **{f"example {p.stem}": Proof(partial(_example, p), every_line) for p in EXAMPLES},
    **{f"seeds {p.stem}": Proof(partial(_module, p), no_false_alarm) for p in EXAMPLES},
    **{f"seeds grammar {n}": Proof(partial(_of_grammar, n), no_false_alarm) for n in GRAMMAR},
    **{f"mutants grammar {n}": Proof(partial(_of_grammar, n), every_mutant) for n in GRAMMAR},
    **{f"scalars grammar {n}": Proof(partial(_of_grammar, n), scalar_chain_rule) for n in NESTED},
    **{f"itself {p.stem}": Proof(partial(_generated, p), checks_itself) for p in LARGE},
    **{f"planned {p.stem}": Proof(partial(_planned, p), every_line) for p in PLANNED},
    **{f"word {name}": of_source(source) for name, source in WORDS.items()},
    **{f"page {n}": of_source(net) for n, net in NETS.items()},
    **{f"told {n}": _told(net) for n, net in MORE.items()},
    **{f"lesson {n}": _lesson(net) for n, net in NETS.items()},
    **{f"rules {n}": _of_equal_layers(net) for n, net in equal_layers.NETS.items()},
    "a thousand layers": Proof(_deep, every_entry),
}
LONG = {"a thousand layers", "example gpt", "itself gpt"}  # minutes each
