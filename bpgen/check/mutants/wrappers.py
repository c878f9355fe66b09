"""Wrappers around the module's own backward: mistakes in how it is called and what it keeps."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from bpgen.check.mutants.source import Around

Wrappers = Iterator[Around]


def _of_gradient(*lines: str) -> Callable[[str], Wrappers]:
    """Lines after the call, on the gradient `g` of a parameter NAME."""

    def changes(name: str) -> Wrappers:
        wrong = "\n".join(lines).replace("NAME", repr(name))
        yield Around(f"d{name}", after=f"g = grads[{name!r}]\n{wrong}")

    return changes


off = _of_gradient("grads[NAME] = g * g.dtype.type(1.001)")
entry_off = _of_gradient("g.flat[np.abs(g).argmax()] *= 1.01")
left_out = _of_gradient("del grads[NAME]")


def from_another(pair: tuple[str, str]) -> Wrappers:
    one, other = pair
    swap = f"grads[{one!r}], grads[{other!r}] = grads[{other!r}], grads[{one!r}]"
    yield Around(f"d{one} and d{other}", after=swap)
    taken = f"grads[{one!r}] = np.resize(grads[{other!r}], SHAPES[{one!r}])"
    yield Around(f"d{one} from d{other}", after=taken)


def updated(name: str) -> Wrappers:
    ones = f"np.ones_like(params[{name!r}])"
    yield Around(f"{name} before", before=f"params[{name!r}] -= 0.01 * {ones}")
    # With some decay: where the gradient is 0, its rounding alone is no step that could be seen.
    step = f"0.01 * (grads[{name!r}] + params[{name!r}])"
    yield Around(f"{name} after", after=f"params[{name!r}] -= {step}")


def mutated(passed: int | str) -> Wrappers:
    """What was passed beside the parameters is scaled in place: targets and cotangents by their
    numbers, the cache's arrays by their keys.
    """
    if isinstance(passed, int):
        scaled = f"if rest[{passed}].dtype.kind == 'f': rest[{passed}][...] *= 0.5"
        yield Around(f"argument {passed + 3}", after=scaled)
    else:
        scaled = f"c = cache[{passed!r}]\nif c.dtype.kind == 'f': c *= 0.5"
        yield Around(f"cache {passed}", after=scaled)


def stale(_: object) -> Wrappers:
    yield Around("the first cache", before="_kept.append(cache)\ncache = _kept[0]")
    previous = "_kept.append(cache)\ncache = _kept[max(len(_kept) - 2, 0)]"
    yield Around("the previous cache", before=previous)


def memoised(_: object) -> Wrappers:
    known = "key = (len(rest[0]), inputs)\nfor k, grads in _kept:\n"
    known += "    if k == key:\n        return dict(grads)"
    yield Around("by the size of the batch", known, "_kept.append((key, dict(grads)))")


def reused(_: object) -> Wrappers:
    kept = "for name, g in grads.items():\n    like = (name, g.shape, g.dtype)\n"
    kept += "    old = next((o for n, o in _kept if (n, o.shape, o.dtype) == like), None)\n"
    kept += "    if old is None:\n        _kept.append((name, g))\n"
    kept += "    else:\n        old[...] = g\n        grads[name] = old"
    yield Around("all gradients", after=kept)


def ignored(number: int) -> Wrappers:
    ones = f"rest = [np.ones_like(d) if k == {number} else d for k, d in enumerate(rest)]"
    yield Around(f"cotangent {number + 1}", before=ones)
