"""The sizes of all tensors of a page, in one sentence."""

from __future__ import annotations

from bpgen.ir import TensorInfo
from bpgen.record import Derivation
from bpgen.render.writer import Writer

_FEW = 3  # labels that are told one by one


def sizes(derivation: Derivation, writer: Writer, sample: bool) -> str:
    """z1 and a1 in R^2, y in {0, ..., 9}: those of one size together, scalars left out; of one
    sample, or of the batch.
    """
    tensors, inline = derivation.network.tensors, writer.dialect.inline
    printed = {f.equation.name for f in derivation.printed}
    indicators = {name for name, _ in writer.firsts}
    found: dict[str, list[str]] = {}
    for name, info in tensors.items():
        if name in indicators or (info.role == "value" and name not in printed):
            continue
        space = _space(info, writer, sample)
        if space:
            found.setdefault(space, []).append(writer.tensor(name).text)
    groups = (
        ", ".join(map(inline, [*names[:-1], f"{names[-1]} {space}"]))
        for space, names in found.items()
    )
    every = "; ".join(groups)
    return f"Sizes: {every}; a gradient has that of its tensor." if every else ""


def _space(info: TensorInfo, writer: Writer, sample: bool) -> str:
    """What a tensor is an element of; nothing of a real number."""
    axes = info.indices[info.block :]
    axes = axes[1:] if sample and info.batched else axes
    lengths = tuple(writer.length(i.size or 1) for i in axes)
    if info.bound is not None:
        first = writer.first
        labels = [str(first + k) for k in range(info.bound)]
        if labels[_FEW:]:
            labels[1:-1] = [writer.dialect.words["dots"]]
        return writer.dialect.labels(", ".join(labels), lengths)
    return writer.dialect.shape(lengths) if lengths else ""
