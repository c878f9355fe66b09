"""The value of a formula: arrays over its index letters, whose last two axes are a matrix.

A vector is a column, a scalar a matrix of one entry. What is read beyond its range is not a number,
and nothing equals that.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from bpgen.check.page import formula as f
from bpgen.check.page.arithmetic import FUNCTIONS, ended, fitted, is_scalar, over, shape_of, times
from bpgen.check.page.letters import letter_axes
from bpgen.check.page.maxima import first_along, gives, largest_along
from bpgen.check.page.names import Found
from bpgen.check.page.reading import Reading
from bpgen.check.page.scalars import LOWEST, RELATIONS, STEP, Array, power
from bpgen.check.page.tokens import Unreadable
from bpgen.check.page.tree import (
    describe,
    letter_of,
    letters_of,
    symbols_of,
    together,
)
from bpgen.check.page.unknown import smooth
from bpgen.check.page.world import World, largest


@dataclass(frozen=True)
class Scope:
    """Index letters by name, each an array along an axis of its own, and a step that is taken."""

    reading: Reading
    letters: Mapping[str, Array] = field(default_factory=dict)
    values: Mapping[str, Array] | None = None  # with a first axis, along which `which` chooses
    which: Array | None = None
    constants: Mapping[str, Array] = field(default_factory=dict)  # arguments of a function
    which_sample: Array = field(default_factory=lambda: np.asarray(0))

    @property
    def world(self) -> World:
        return self.reading.world

    def find(self, symbol: f.Symbol) -> Found | None:
        """What a symbol names. Where an entry and a whole tensor read alike, the reading says which
        comes first.
        """
        found = self.reading.names.all(symbol)
        if self.reading.entries and len(found) > 1:
            whole = [x for x in found if len(x[2]) == self._rank(x)]
            found = whole or found
        return found[0] if found else None

    def _rank(self, found: Found) -> int:
        info = self.world.network.tensors.get(found[1])
        if info is None:
            return 0
        return len(info.indices) - info.block - (info.batched and self.reading.sample)

    def over(self, letters: Mapping[str, Array]) -> Scope:
        """With further letters, each along a new axis left of the others."""
        found = dict(self.letters)
        depth = self.depth
        for name, values in letters.items():
            found[name] = values.reshape((-1, *([1] * depth)))
            depth += 1
        return replace(self, letters=found)

    def at(self, values: Mapping[str, Array]) -> Scope:
        """The same where the tensors have other values."""
        return replace(self, values=values, which=None)

    @property
    def depth(self) -> int:
        return max((a.ndim for a in self.letters.values()), default=0)

    # formulas

    def value(self, node: f.Node) -> Array:
        rule = _RULES.get(type(node))
        if rule is None:
            raise Unreadable(f"a {type(node).__name__.lower()} has no value")
        with np.errstate(all="ignore"):
            return np.asarray(rule(self, node))

    def _number(self, node: f.Number) -> Array:
        return np.full((1, 1), node.value)

    def _sum(self, node: f.Sum) -> Array:
        found = self.value(node.addends[0])
        for addend in node.addends[1:]:
            found = fitted(np.add, found, self.value(addend))
        return found

    def _negative(self, node: f.Negative) -> Array:
        return -self.value(node.inner)

    def _product(self, node: f.Product) -> Array:
        found = self.value(node.factors[0])
        for factor in node.factors[1:]:
            other = self.value(factor)
            if node.entrywise or is_scalar(found) or is_scalar(other):
                found = fitted(times, found, other)
            elif found.shape[-1] == other.shape[-2]:
                found = found @ other
            else:
                raise Unreadable(f"{shape_of(found)} times {shape_of(other)}")
        return found

    def _quotient(self, node: f.Quotient) -> Array:
        return fitted(over, self.value(node.top), self.value(node.bottom))

    def _power(self, node: f.Power) -> Array:
        exponent = self.value(node.exponent)
        if exponent.size == 1:
            exponent = exponent.reshape(())
        return np.asarray(power(self.value(node.base), exponent))

    def _transposed(self, node: f.Transposed) -> Array:
        return np.swapaxes(self.value(node.inner), -1, -2)

    def _norm(self, node: f.Norm) -> Array:
        return np.asarray((self.value(node.inner) ** 2).sum((-1, -2), keepdims=True))

    def _call(self, node: f.Call) -> Array:
        if node.name == "softmax":
            return self._softmax(node)
        arguments = [self.value(a) for a in node.arguments]
        if not node.prime:
            return self.applied(node.name, arguments)
        own = f"{node.name}'"
        if own in self.reading.functions and node.name not in self.reading.functions:
            return self.applied(own, arguments)
        moved = [np.asarray(arguments[0]) + 1j * STEP, *arguments[1:]]
        return np.imag(self.applied(node.name, moved)) / STEP

    def applied(self, name: str, arguments: list[Array]) -> Array:
        known = self.reading.functions.get(name)
        if known is not None:
            entries = [a[..., None, None] for a in arguments]  # each entry is a scalar of its own
            given = dict(zip(known.names, entries, strict=True))
            own = replace(self, letters={}, constants=given)
            return own.value(known.body)[..., 0, 0]
        if name in ("max", "min"):
            found = arguments[0]
            for other in arguments[1:]:
                more = np.real(other) > np.real(found)
                found = np.where(more if name == "max" else ~more, other, found)
            return found
        if name in self.reading.unknown and len(arguments) == 1:
            return np.asarray(smooth(name)(arguments[0]))
        if name not in FUNCTIONS or len(arguments) != 1:
            raise Unreadable(f"the function {name} is not told")
        return np.asarray(FUNCTIONS[name](arguments[0]))

    def _softmax(self, node: f.Call) -> Array:
        """Along a vector, or the last axis of what has fewer indices than axes."""
        inner = self.value(node.arguments[0])
        if inner.shape[-1] != 1 and inner.shape[-2] != 1 and node.at:
            raise Unreadable("the softmax of a matrix at one index")
        axis = -2 if inner.shape[-1] == 1 else -1
        raised = np.exp(inner - inner.real.max(axis, keepdims=True))
        found = raised / raised.sum(axis, keepdims=True)
        if not node.at:
            return np.asarray(found)
        vector = found.reshape((*found.shape[:-2], -1))
        (place,) = node.at
        index = self.index(place) - self.reading.base
        lead = np.broadcast_shapes(vector.shape[:-1], index.shape)
        vector = np.broadcast_to(vector, (*lead, vector.shape[-1]))
        index = np.broadcast_to(index, lead)
        return np.take_along_axis(vector, index[..., None], -1)[..., None]

    def _over(self, node: f.Over) -> Array:
        """A sum or a maximum, of which the first letter runs slowest."""
        if node.kind == "max":
            body = self.ranged(node, LOWEST)
            return largest(body, tuple(reversed(range(len(node.under.letters)))))
        return np.asarray(self.ranged(node, 0).sum(tuple(range(len(node.under.letters)))))

    def ranged(self, node: f.Over, otherwise: float) -> Array:
        """What stands below a sum or a maximum, with an axis for each letter, the last first."""
        sizes = self.sizes_below(node)
        letters = {n: np.arange(self.reading.base, self.reading.base + s) for n, s in sizes.items()}
        inner = self.over(letters)
        body = inner.value(node.body)
        shape = [*(len(a) for a in reversed(letters.values())), *([1] * self.depth), 1, 1]
        body = np.broadcast_to(body, np.broadcast_shapes(body.shape, tuple(shape)))
        keep = np.asarray(True)
        for condition in node.under.conditions:
            keep = keep & inner.holds(condition)
        return np.where(keep, body, otherwise)

    def sizes_below(self, node: f.Over) -> dict[str, int]:
        """How many values each letter of a sum has."""
        ranged = {n: self._bound(sign, end) for n, sign, end in node.under.ranges}
        found = {}
        for name in node.under.letters:
            inside = replace(self, letters={**self.letters, name: np.zeros(1, dtype=int)})
            seen = (
                set()
                if name in ranged
                else {s for n, s in letter_axes(inside, node.body) if n == name}
            )
            if name not in ranged and not seen:
                seen = {
                    s for c in node.under.conditions for n, s in letter_axes(inside, c) if n == name
                }
            if name not in ranged and not seen:
                raise Unreadable(f"nothing says what {name} runs over")
            found[name] = ranged[name] if name in ranged else min(seen)
        return found

    def _bound(self, sign: str, end: f.Node) -> int:
        value = int(np.real(self.value(end)).ravel()[0])
        return value - self.reading.base + (sign == "<=")

    def _indicator(self, node: f.Indicator) -> Array:
        parts = node.condition if isinstance(node.condition, tuple) else (node.condition,)
        found = self.holds(parts[0])
        for part in parts[1:]:
            found = found & self.holds(part)
        return found.astype(float)

    def _cases(self, node: f.Cases) -> Array:
        found: Array | None = None
        for value, when in reversed(node.rows):
            then = self.value(value)
            if when is None or found is None:
                if when is not None:
                    raise Unreadable("cases without an otherwise")
                found = then
                continue
            holds = self.holds(when[0])
            for part in when[1:]:
                holds = holds & self.holds(part)
            found = np.where(holds, then, found)
        if found is None:
            raise Unreadable("no cases")
        return found

    def holds(self, node: f.Node) -> Array:
        """Where a condition holds."""
        if isinstance(node, f.Gives):
            fixed = set(letters_of(node.largest))
            inner = [n for n in letters_of(node.element) if n not in fixed and n in self.letters]
            found = gives(self, node.element, node.largest, node.at)
            return found if node.at else first_along(self, found, inner)
        if isinstance(node, f.First):
            if node.condition.signs != ("==",):
                raise Unreadable("the first of what is not the largest")
            letters = [n for n in node.letters if n in self.letters]
            if not letters:
                element, whole = node.condition.parts
                return gives(self, element, whole, node.at)
            return first_along(self, largest_along(self, letters, *node.condition.parts), letters)
        values = [self.quantity(p) for p in node.parts]
        found = np.asarray(True)
        for one, other, sign in zip(values, values[1:], node.signs, strict=False):
            found = found & RELATIONS[sign](np.real(one), np.real(other))
            if np.isnan(one).any() or np.isnan(other).any():
                found = found & ~(np.isnan(one) | np.isnan(other))
        return np.asarray(found)

    def quantity(self, node: f.Node) -> Array:
        """A side of a comparison: a formula, or an index with its sums."""
        return self.value(node)

    # symbols

    def symbol(self, node: f.Symbol) -> Array:
        """A letter, a length, a number, a tensor or an element of it."""
        bare = node == f.Symbol(node.stem, node.accent)
        name = letter_of(node)
        if bare and name is not None and name in self.constants:
            return self.constants[name]
        if not node.layer and node.stem in self.constants and node.below and not node.block:
            vector = self.constants[node.stem]
            index = self.index(node.below[0])
            return vector[..., index - self.reading.base, 0][..., None, None]
        if name is not None and name in self.letters:
            return self.letters[name][..., None, None]
        if bare and node.stem == "infinity":
            return np.full((1, 1), -LOWEST)
        if bare and node.stem == "circle":
            return np.full((1, 1), math.pi)
        found = self.find(node)
        unit = self._unit(node)
        if unit is not None and (found is None or not self._fits(node)):
            return unit
        if found is not None:
            return self._tensor(node)
        if bare and node.stem in self.world.lengths:
            return np.full((1, 1), self.world.lengths[node.stem])
        if bare and node.stem == "e":
            return np.full((1, 1), math.e)
        raise Unreadable(f"what is {describe(node)}?")

    def _fits(self, node: f.Symbol) -> bool:
        try:
            self._tensor(node)
        except Unreadable:
            return False
        return True

    def _unit(self, node: f.Symbol) -> Array | None:
        """e_y, the unit vector of a label."""
        if node.stem not in ("e", "bold e") or len(node.below) != 1 or node.layer or node.accent:
            return None
        (label,) = node.below
        if not isinstance(label, f.Symbol):
            return None
        found = self.find(label)
        if found is None:
            return None
        bound = self.world.network.tensors[found[1]].bound if found[1] else None
        if bound is None:
            return None
        place = self.index(label) - self.reading.base
        made = (np.arange(bound) == place[..., None]).astype(float)[..., None]
        return np.asarray(np.swapaxes(made, -1, -2) if node.transposed else made)

    def _tensor(self, node: f.Symbol) -> Array:
        known = self.find(node)
        assert known is not None
        table, name, _ = known
        if table is self.reading.names.gradients:
            return self.access(node, name, self.reading.gradient(self.reading.top, name), True)
        if table is self.reading.names.given:
            return self.access(node, name, self.world.given[name], True, upstream=True)
        if not name:
            raise Unreadable("the scalar further on has no value")
        if self.values is None:
            found = self.access(node, name, self.world.values[name])
        else:
            found = self.access(node, name, self.values[name])
        bound = self.world.network.tensors[name].bound
        return found + self.reading.base if bound is not None else found

    def access(
        self, node: f.Symbol, name: str, array: Array, slope: bool = False, upstream: bool = False
    ) -> Array:
        """An element of an array, or what is left of it where it has fewer indices than axes."""
        places = self.places(node, name, upstream)
        info = self.world.network.tensors[name]
        axes = info.indices[info.block :] if upstream else info.indices
        index: list[Array] = []
        missing = np.asarray(False)
        for place, axis in zip(places, axes, strict=False):
            size = self.world.size(axis.size)
            own = info.carried is not None and axis == info.indices[info.carried]
            low = place < (-1 if own else 0)
            beyond = place >= size
            if slope and (own or axis.size in self._steps()):
                missing = missing | low | (place > size)
                array = ended(array, len(index), size, place)
            else:
                missing = missing | low | beyond
            last = array.shape[len(index) + self._lead(array, axes)] - 1
            index.append(np.where((place < 0) & own, last, np.clip(place, 0, None)))
        lead = self._lead(array, axes)
        sizes = array.shape[lead : lead + len(index)]
        index = [np.clip(i, 0, s - 1) for i, s in zip(index, sizes, strict=True)]
        if lead:
            assert self.which is not None
            index = [self.which, *index]
        shape = np.broadcast_shapes(*(i.shape for i in index)) if index else ()
        found = array[tuple(np.broadcast_to(i, shape) for i in index)] if index else array
        rest = found.ndim - len(shape)
        if rest > 2:
            raise Unreadable(f"{describe(node)} is no matrix")
        carried = info.carried
        if carried is not None and carried >= len(places) and not upstream:
            cut = [slice(None)] * found.ndim
            cut[len(shape) + carried - len(places)] = slice(self.world.size(axes[carried].size))
            found = found[tuple(cut)]
        found = found.reshape((*found.shape, *([1] * (2 - rest))))
        if missing.any():
            found = np.where(missing[..., None, None], complex(np.nan, np.nan), found)
        return np.swapaxes(found, -1, -2) if node.transposed else found

    def _lead(self, array: Array, axes: Any) -> int:
        return int(array.ndim > len(axes))

    def after_the_only_step(self, node: f.Node) -> bool:
        """Whether something is said of the step after the last, where there is one step in all."""
        found = {e.name: e for e in self.world.network.equations if e.loop is not None}
        for symbol in symbols_of(node):
            known = self.find(symbol)
            e = found.get(known[1]) if known is not None else None
            if e is None or e.loop is None or self.world.size(e.loop.index.size) != 1:
                continue
            places = self.places(symbol, e.name)
            axis = e.indices.index(e.loop.index)
            if axis < len(places) and (places[axis] == 1).all():
                return True
        return False

    def _steps(self) -> set[Any]:
        """The lengths of recurrences, beyond whose last step gradients are 0."""
        loops = (e.loop for e in self.world.network.equations)
        return {loop.index.size for loop in loops if loop is not None}

    def places(self, node: f.Symbol, name: str, upstream: bool = False) -> list[Array]:
        """The place along each axis that a symbol says, counted from 0."""
        base = self.reading.base
        found = [self.index(p) - base for p in self.parts(node, name, upstream)]
        info = self.world.network.tensors[name]
        lead: list[Array] = []
        if info.block and not upstream:
            if node.block is None:
                raise Unreadable(f"{describe(node)} is of which block?")
            lead.append(self.index(node.block) - base)
        elif node.block is not None:
            raise Unreadable(f"{describe(node)} is of no block")
        if info.batched and self.reading.sample:
            lead.append(self.which_sample)
        return [*lead, *found]

    def parts(self, node: f.Symbol, name: str, upstream: bool = False) -> tuple[f.Node, ...]:
        """The indices of a symbol, one for each axis that is told."""
        known = self.find(node)
        assert known is not None
        below = known[2]
        info = self.world.network.tensors[name]
        rank = len(info.indices) - info.block - (info.batched and self.reading.sample)
        if len(below) == 1 and isinstance(below[0], f.Beside):
            below = (together(below[0]),) if rank == 1 else below[0].parts
        elif any(isinstance(p, f.Beside) for p in below):
            below = tuple(together(p) if isinstance(p, f.Beside) else p for p in below)
            if len(below) != rank:  # W_{h,ij}: a label, and letters side by side
                split = (p.parts if isinstance(p, f.Beside) else (p,) for p in known[2])
                below = tuple(p for parts in split for p in parts)
        if len(below) > rank:
            raise Unreadable(f"{describe(node)} has {len(below)} indices, its tensor {rank}")
        return below

    def is_start(self, node: f.Symbol, name: str) -> bool:
        """Whether a symbol is what stands before the first step of a recurrence."""
        info = self.world.network.tensors[name]
        if info.carried is None:
            return False
        if info.block:
            said = node.block
        else:
            parts = self.parts(node, name)
            at = info.carried - (info.batched and self.reading.sample)
            said = parts[at] if at < len(parts) else None
        if said is None or letters_of(said):
            return False
        return bool((self.index(said) - self.reading.base == -1).all())

    def open_axes(self, node: f.Symbol, name: str) -> int:
        """How many axes of a tensor have no index: 0 of an entry, 1 of a vector, 2 of a matrix."""
        info = self.world.network.tensors[name]
        rank = len(info.indices) - info.block - (info.batched and self.reading.sample)
        return rank - len(self.parts(node, name))

    def index(self, node: f.Node) -> Array:
        """An index, as a whole number at each value of the letters."""
        found = np.real(self.value(node))
        if found.shape[-2:] != (1, 1):
            raise Unreadable("an index that is no number")
        return np.asarray(np.rint(found[..., 0, 0]).astype(int))

    # derivatives

    def _derivative(self, node: f.Derivative) -> Array:
        known = self.find(node.by)
        if known is None or known[0] is not self.reading.names.tensors or not known[1]:
            raise Unreadable(f"a derivative by {describe(node.by)}")
        name = known[1]
        top = self._scalar(node.of)
        if top is not None and not node.immediate:
            return self.access(node.by, name, self.reading.gradient(top, name), True)
        places = self.places(node.by, name)
        stored = self.world.values[name].shape
        if len(places) != len(stored):
            raise Unreadable(f"a derivative by all of {describe(node.by)}")
        info = self.world.network.tensors[name]
        missing = np.asarray(False)
        inside = []
        for k, (place, size) in enumerate(zip(places, stored, strict=True)):
            own = k == info.carried
            missing = missing | (place >= size - own) | (place < -own)
            inside.append(np.where(place < 0, size - 1, np.clip(place, 0, size - 1)))
        which = np.ravel_multi_index(tuple(np.broadcast_arrays(*inside)), stored) if inside else 0
        values = self._values(node, name)
        moved = replace(self, values=values, which=np.asarray(which))
        slope = np.imag(moved.value(node.of)) / STEP
        return np.where(missing[..., None, None], np.nan, slope) if missing.any() else slope

    def _values(self, node: f.Derivative, name: str) -> Mapping[str, Array]:
        """The values of all tensors where each element of one takes a step: with all that follows,
        or for an immediate derivative of the formula alone.
        """
        if not node.immediate:
            return self.world.moved(name)
        alone = {**self.world.values, name: self.world.values[name] + self.world.alone(name)}
        known = self.find(node.of) if isinstance(node.of, f.Symbol) else None
        if known is None:
            return alone
        equation = next(e for e in self.world.network.equations if e.name == known[1])
        made = self.world.evaluated(equation, alone)
        return {**self.world.values, known[1]: made}

    def _scalar(self, node: f.Node) -> str | None:
        """The name of a scalar of one sample, or of the whole batch."""
        known = self.find(node) if isinstance(node, f.Symbol) else None
        if known is None or known[0] is not self.reading.names.tensors or known[2]:
            return None
        name = known[1]
        if not name:
            return ""
        info = self.world.network.tensors[name]
        own = len(info.indices) - (info.batched and self.reading.sample)
        return name if own == 0 else None

    # letters


_RULES: dict[type, Any] = {
    f.Number: Scope._number,
    f.Symbol: Scope.symbol,
    f.Beside: lambda scope, node: scope.value(together(node)),
    f.Sum: Scope._sum,
    f.Negative: Scope._negative,
    f.Product: Scope._product,
    f.Quotient: Scope._quotient,
    f.Power: Scope._power,
    f.Transposed: Scope._transposed,
    f.Norm: Scope._norm,
    f.Call: Scope._call,
    f.Over: Scope._over,
    f.Indicator: Scope._indicator,
    f.Cases: Scope._cases,
    f.Derivative: Scope._derivative,
}
