"""Wrappers around the module's own backward: mistakes in how it is called and what it keeps."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from itertools import pairwise

from bpgen.check.mutants.source import Source

# A place, and the body of a wrapper around backward.
Lines = Callable[[Source], Iterator[tuple[str, str]]]

_WRAPPER = """

_right, _kept = backward, []


def backward(params, cache, *rest, inputs=False):
"""
_CALL = "grads = _right(params, cache, *rest, inputs=inputs)\n"


def around(body: str) -> str:
    """The text of a wrapper with this body."""
    return _WRAPPER + "".join(f"    {line}\n" for line in body.splitlines())


def _each_gradient(line: str) -> Lines:
    """The line after the call, once for each gradient `g` of a parameter."""
    return lambda source: (
        (
            f"d{name}",
            f"{_CALL}g = grads[{name!r}]\n{line.replace('NAME', repr(name))}\nreturn grads",
        )
        for name in source.names("SHAPES")
    )


OFF = _each_gradient("grads[NAME] = g * g.dtype.type(1.001)")
ENTRY_OFF = _each_gradient("g.flat[np.abs(g).argmax()] *= 1.01")
LEFT_OUT = _each_gradient("del grads[NAME]")


def from_another(source: Source) -> Iterator[tuple[str, str]]:
    names = source.names("SHAPES")
    for one, other in pairwise(names):
        swap = f"grads[{one!r}], grads[{other!r}] = grads[{other!r}], grads[{one!r}]"
        yield f"d{one} and d{other}", f"{_CALL}{swap}\nreturn grads"
        taken = f"grads[{one!r}] = np.resize(grads[{other!r}], SHAPES[{one!r}])"
        yield f"d{one} from d{other}", f"{_CALL}{taken}\nreturn grads"


def updated_weights(source: Source) -> Iterator[tuple[str, str]]:
    for name in source.names("SHAPES"):
        yield (
            f"{name} before",
            f"params[{name!r}] -= 0.01 * np.ones_like(params[{name!r}])\n{_CALL}return grads",
        )
        yield f"{name} after", f"{_CALL}params[{name!r}] -= 0.01 * grads[{name!r}]\nreturn grads"


def mutated(source: Source) -> Iterator[tuple[str, str]]:
    """What was passed beside the parameters is scaled in place: targets, cotangents, the cache's
    arrays.
    """
    for number, _ in enumerate(source.backward.args.args[2:-1]):
        scaled = f"if rest[{number}].dtype.kind == 'f': rest[{number}][...] *= 0.5"
        yield f"argument {number + 3}", f"{_CALL}{scaled}\nreturn grads"
    for key in sorted(
        {
            str(node.slice.value)
            for node in ast.walk(source.backward)
            if isinstance(node, ast.Subscript)
            and isinstance(node.value, ast.Name)
            and node.value.id == "cache"
            and isinstance(node.slice, ast.Constant)
        }
    ):
        yield (
            f"cache {key}",
            f"{_CALL}c = cache[{key!r}]\nif c.dtype.kind == 'f': c *= 0.5\nreturn grads",
        )


def stale(source: Source) -> Iterator[tuple[str, str]]:
    yield "the first cache", f"_kept.append(cache)\ncache = _kept[0]\n{_CALL}return grads"
    yield (
        "the previous cache",
        f"_kept.append(cache)\ncache = _kept[max(len(_kept) - 2, 0)]\n{_CALL}return grads",
    )


def memoised(source: Source) -> Iterator[tuple[str, str]]:
    known = "key = (len(rest[0]), inputs)\nfor k, grads in _kept:\n"
    known += "    if k == key:\n        return dict(grads)\n"
    yield (
        "by the size of the batch",
        f"{known}{_CALL}_kept.append((key, dict(grads)))\nreturn grads",
    )


def reused(source: Source) -> Iterator[tuple[str, str]]:
    kept = "for name, g in grads.items():\n    like = (name, g.shape, g.dtype)\n"
    kept += "    old = next((o for n, o in _kept if (n, o.shape, o.dtype) == like), None)\n"
    kept += "    if old is None:\n        _kept.append((name, g))\n"
    kept += "    else:\n        old[...] = g\n        grads[name] = old\n"
    yield "all gradients", f"{_CALL}{kept}return grads"


def ignored(source: Source) -> Iterator[tuple[str, str]]:
    if "loss" not in {n.name for n in source.tree.body if isinstance(n, ast.FunctionDef)}:
        for number, _ in enumerate(source.backward.args.args[2:-1]):
            changed = (
                f"rest = [np.ones_like(d) if k == {number} else d for k, d in enumerate(rest)]"
            )
            yield f"cotangent {number + 1}", f"{changed}\n{_CALL}return grads"
