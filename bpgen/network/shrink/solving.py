"""Small sizes at which everything holds that accesses say of each other's widths."""

from __future__ import annotations

from collections.abc import Iterable

from bpgen.network.shrink.spans import Sizes, Span, Width

_TRIED = 4000  # widths tried, before those that accesses tie to each other stay as they are


def solved(spans: list[Span], sizes: Sizes, wanted: Sizes) -> dict[Width, int]:
    """Sizes of the widths that these spans speak of; of those for which none are found, nothing."""
    found: dict[Width, int] = {}
    for together in _components(spans):
        found.update(_solved(together, sizes, wanted) or {})
    return found


def _components(spans: list[Span]) -> list[list[Span]]:
    """The spans that speak, directly or through others, of the same widths."""
    parts: list[tuple[set[Width], list[Span]]] = []
    for span in spans:
        widths, together = {*span.widths}, [span]
        apart = []
        for part in parts:
            if part[0] & widths:
                widths, together = widths | part[0], [*part[1], *together]
            else:
                apart.append(part)
        parts = [*apart, (widths, together)]
    return [together for _, together in parts]


def _solved(spans: list[Span], sizes: Sizes, wanted: Sizes) -> dict[Width, int] | None:
    """Sizes of the widths of these spans: one after another as small as it can be, and what follows
    from it; None where none are found.
    """
    derived = {s.axis for s in spans}
    every = dict.fromkeys(w for s in spans for w in reversed(s.widths))
    order = sorted(every, key=lambda w: w in derived)
    tied = _Tied(spans, sizes, wanted)
    waiting: list[tuple[dict[Width, int], Width | None]] = [({}, None)]
    for _ in range(_TRIED):
        if not waiting:
            return None
        known, new = waiting.pop()
        closed = tied.closed(known, new)
        if closed is None:
            continue
        width = next((w for w in order if w not in closed), None)
        if width is None:
            return closed
        tried = range(wanted[width], sizes[width] + 1)
        waiting += [({**closed, width: size}, width) for size in reversed(tried)]
    return None


class _Tied:
    """What the sizes known say of others."""

    def __init__(self, spans: list[Span], sizes: Sizes, wanted: Sizes) -> None:
        self.sizes, self.wanted = sizes, wanted
        self.of: dict[Width, list[Span]] = {}
        for span in spans:
            for width in dict.fromkeys(span.widths):
                self.of.setdefault(width, []).append(span)

    def closed(self, known: dict[Width, int], new: Width | None) -> dict[Width, int] | None:
        """What follows from the sizes known, of which one is new; None where they contradict each
        other.
        """
        closed, waiting = dict(known), [] if new is None else [new]
        while waiting:
            for span in self.of[waiting.pop()]:
                open_ = {w for w in span.widths if w not in closed}
                if len(open_) > 1:
                    continue
                width = next(iter(open_), span.axis)
                fitting = [
                    s for s in self._tried(width, closed) if self._fits(span, width, s, closed)
                ]
                if not fitting:
                    return None
                if open_:
                    closed[width] = fitting[0]
                    waiting.append(width)
        return closed

    def _tried(self, width: Width, closed: Sizes) -> Iterable[int]:
        if width in closed:
            return (closed[width],)
        return range(self.wanted[width], self.sizes[width] + 1)

    def _fits(self, span: Span, width: Width, size: int, closed: Sizes) -> bool:
        known = {**closed, width: size}
        return span.size(known) == known[span.axis] and span.form(known) == span.form(self.sizes)
