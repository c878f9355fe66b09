"""Names for what net.py left nameless, by the company it keeps."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from bpgen.declare.declaration import Declaration
from bpgen.inline import Definition
from bpgen.naming import RESERVED, free, invented
from bpgen.whole import reads


def called(
    declared: Declaration, kept: Mapping[int, Definition], given: Mapping[int, str]
) -> dict[int, str]:
    taken = set(given.values()) | RESERVED
    called = dict(given)
    if declared.loss is not None and declared.loss.serial not in called:
        called[declared.loss.serial] = free("L", taken)
        taken.add(called[declared.loss.serial])
    for serial in kept:  # what a layer made is numbered by its layer
        if serial not in called and declared.tensors[serial].layer:
            called[serial] = invented(declared.tensors[serial], taken)
    for serial, definition in kept.items():
        for other, hint in _hints(declared, serial, definition, called):
            if other in kept and other not in called and hint not in taken:
                called[other] = hint
                taken.add(hint)
    for serial in kept:
        if serial not in called:
            called[serial] = invented(declared.tensors[serial], taken)
    return called


def _hints(
    declared: Declaration, serial: int, definition: Definition, called: Mapping[int, str]
) -> Iterator[tuple[int, str]]:
    """Names by the company a nameless tensor keeps: z1 for what a1 is a function of, and the other
    way round, s1 for the log-sum-exp of z1.
    """
    term = definition[1][0] if len(definition[1]) == 1 else None
    read = list(dict.fromkeys(reads(definition[1])))
    if term is None or len(read) != 1 or declared.tensors[read[0]].role != "value":
        return
    mine, other = called.get(serial, ""), called.get(read[0], "")
    if term.reduce == "logsumexp":
        yield serial, f"s{_digits(other)}"
    elif not term.over and mine and declared.tensors[read[0]].hint == "u":
        yield read[0], f"z{_digits(mine)}"
    elif not term.over and re.fullmatch(r"z\d*", other):
        yield serial, f"a{_digits(other)}"


def _digits(name: str) -> str:
    """The number of the layer that a name ends in."""
    return name[len(name.rstrip("0123456789")) :]
