"""What a drawing is made of: SVG elements with their attributes, already placed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Shape:
    """One element; `inner` is markup."""

    tag: str
    attributes: Mapping[str, str | float]
    inner: str = ""


@dataclass
class Drawing:
    """Groups of shapes in the order in which they are painted.

    By tensor: `parts` has the ids of what is drawn of it, `ways` and `leave` those of the edges
    that lead into it and from it; `values` and `slopes` those of the texts that show its entries,
    which are `entries` where they are not all, in order; `sizes` and `slope_sizes` those of the
    text that shows how large they are together; `labels` what names it from then on.
    """

    kind: str
    box: tuple[float, float, float, float] = (0, 0, 0, 0)
    shapes: list[Shape] = field(default_factory=list)
    parts: dict[str, list[str]] = field(default_factory=dict)
    ways: dict[str, list[str]] = field(default_factory=dict)
    leave: dict[str, list[str]] = field(default_factory=dict)
    values: dict[str, list[str]] = field(default_factory=dict)
    slopes: dict[str, list[str]] = field(default_factory=dict)
    entries: dict[str, list[tuple[int, ...]]] = field(default_factory=dict)
    sizes: dict[str, str] = field(default_factory=dict)
    slope_sizes: dict[str, str] = field(default_factory=dict)
    labels: dict[str, list[tuple[str, str]]] = field(default_factory=dict)  # ids and markup

    @property
    def width(self) -> float:
        return self.box[2]

    @property
    def height(self) -> float:
        return self.box[3]

    def add(self, tag: str, inner: str = "", **attributes: str | float) -> None:
        """An element; `class_` is its class, `data_t` its data-t."""
        named = {k.rstrip("_").replace("_", "-"): v for k, v in attributes.items()}
        self.shapes.append(Shape(tag, named, inner))

    def text(self, x: float, y: float, inner: str, **attributes: str) -> None:
        self.add("text", inner, x=_short(x), y=_short(y), **attributes)

    def path(self, points: str, **attributes: str) -> None:
        self.add("path", d=points, **attributes)


def _short(value: float) -> float:
    return round(value, 1)


def points(*steps: str | float) -> str:
    """The text of a path: M 0 0 L 10 5."""
    return " ".join(s if isinstance(s, str) else f"{_short(s):g}" for s in steps)


def joined(names: Iterable[str]) -> str:
    return " ".join(dict.fromkeys(names))
