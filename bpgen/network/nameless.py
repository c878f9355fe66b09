"""Names for what net.py left nameless, by the company it keeps."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping
from itertools import count

import sympy as sp

from bpgen.declare.declaration import Declaration
from bpgen.names import RESERVED, first_free, numbered
from bpgen.network.inline import Definition
from bpgen.network.naming import invented
from bpgen.network.reached import reads


def called(
    declared: Declaration, kept: Mapping[int, Definition], given: Mapping[int, str]
) -> dict[int, str]:
    taken = set(given.values()) | RESERVED
    called = dict(given)
    if declared.loss is not None and declared.loss.serial not in called:
        called[declared.loss.serial] = first_free(("L", "J", "C"), taken)
        taken.add(called[declared.loss.serial])
    for serial in kept:  # what a layer made is numbered by its layer
        if serial not in called and declared.tensors[serial].layer:
            called[serial] = invented(declared.tensors[serial], taken)
    for serial, definition in kept.items():
        for other, hint in _hints(declared, serial, definition, called, taken):
            if other in kept and other not in called and hint not in taken:
                called[other] = hint
                taken.add(hint)
    for serial in kept:
        tensor = declared.tensors[serial]
        handed_on = tensor.carried is not None  # from block to block: the first is an input
        if serial not in called and tensor.predicts in called and not handed_on:
            hint = _with_a_hat(called[tensor.predicts])
            called[serial] = hint if hint not in taken else numbered(hint, taken)
            taken.add(called[serial])
    stems = {name.rstrip("0123456789") for name in given.values()}
    stem = next((letter for letter in "utqrvefgm" if letter not in stems), "u")
    for serial in kept:
        if serial not in called:
            tensor, plain = declared.tensors[serial], declared.tensors[serial].hint == "u"
            called[serial] = numbered(stem, taken) if plain else invented(tensor, taken)
    return called


def _with_a_hat(target: str) -> str:
    """What is predicted of it: yhat of y, rhat2 of r2, and yhat of a word."""
    found = re.fullmatch(r"([^\W\d_])(\d*)", target)
    return f"{found[1]}hat{found[2]}" if found else "yhat"


def _hints(
    declared: Declaration,
    serial: int,
    definition: Definition,
    called: Mapping[int, str],
    taken: Container[str],
) -> Iterator[tuple[int, str]]:
    """Names by the company a nameless tensor keeps: z1 for what a1 is a function of, and the other
    way round; s1 for the log-sum-exp of z1; the next z and a for a nameless pair.
    """
    term = definition[1][0] if len(definition[1]) == 1 else None
    read = list(dict.fromkeys(reads(definition[1])))
    if term is None or len(read) != 1 or declared.tensors[read[0]].role != "value":
        return
    mine, other = called.get(serial, ""), called.get(read[0], "")
    nameless = not other and declared.tensors[read[0]].hint == "u"
    if term.reduce == "logsumexp":
        if nameless:
            yield read[0], "z"
        yield serial, f"s{_digits(other)}"
    elif not term.over and isinstance(term.body, sp.Function):
        if nameless:
            digits = _digits(mine) if mine else _next_layer(taken)
            yield read[0], f"z{digits}"
            yield serial, f"a{digits}"
        elif re.fullmatch(r"z\d*", other):
            yield serial, f"a{_digits(other)}"


def _next_layer(taken: Container[str]) -> str:
    return next(str(k) for k in count(1) if f"z{k}" not in taken and f"a{k}" not in taken)


def _digits(name: str) -> str:
    """The number of the layer that a name ends in."""
    return name[len(name.rstrip("0123456789")) :]
