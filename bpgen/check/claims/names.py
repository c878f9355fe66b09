"""What a name in a claim stands for: a tensor of the network, or the gradient of a scalar by it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from bpgen.errors import NetError
from bpgen.ir import BATCH, Network

# What people call a loss, where no tensor is called that.
_LOSSES = {"L": "loss", "J": "loss", "C": "loss", "E": "loss", "ell": "sample_loss"}
RATES = ("eta", "lr", "alpha", "learning_rate")  # any positive number
_GRADIENTS = (
    r"d(?P<of>\w+?)_d(?P<by>\w+)",
    r"(grad_|d)(?P<by>\w+)",
)


@dataclass(frozen=True)
class Meaning:
    """A tensor's values, or where `of` is a scalar, its gradient by them. `matrix`: it is a vector,
    and what is meant has a row for each of its entries.
    """

    tensor: str
    of: str | None = None
    matrix: bool = False


class Names:
    """The names of a network; `called` are those of gradients that are called something of their
    own: delta1 is the gradient by z1.
    """

    def __init__(self, network: Network, called: Mapping[str, str]) -> None:
        self.network = network
        self.called = {a: t for a, t in called.items() if a not in network.tensors}
        self.adjoint = {t: a for a, t in self.called.items()}
        sizes = {i.size for t in network.tensors.values() for i in t.indices}
        self.also: dict[str, str] = {}  # what rules for layers call by another name: a^{[0]}, x
        self.lengths = {s for s in sizes if isinstance(s, str) and s not in network.tensors}

    @property
    def top(self) -> str:
        """The scalar that is differentiated where none is named; of a function, "" for its outputs
        times what is given for them.
        """
        return self.network.loss or ""

    def scalar(self, name: str) -> str | None:
        """The loss, or that of one sample, by its name."""
        own = (self.network.loss, self.network.sample_loss)
        if name in own:
            return name
        if name in self.network.tensors or name not in _LOSSES:
            return None
        return getattr(self.network, _LOSSES[name]) or self.network.loss

    def find(self, name: str) -> Meaning | None:
        """What a name stands for; None where it is nobody's."""
        tensors = self.network.tensors
        if name in tensors:
            return Meaning(name)
        if name in self.called:
            return Meaning(self.called[name], self.top)
        for pattern in _GRADIENTS:
            found = re.fullmatch(pattern, name)
            of = self.scalar(found["of"]) if found and "of" in found.groupdict() else self.top
            if found and of is not None and found["by"] in tensors:
                return Meaning(found["by"], of)
            if found and of is None and self._are_vectors(found["of"], found["by"]):
                return Meaning(found["by"], found["of"], True)
        scalar = self.scalar(name)
        return Meaning(scalar) if scalar else None

    def _are_vectors(self, of: str, by: str) -> bool:
        """Whether there is a matrix of derivatives: of what each sample has, in no recurrence."""
        network = self.network
        tensors = network.tensors
        if not (of in tensors and by in tensors and tensors[of].batched):
            return False
        looped = {e.name for e in network if e.loop is not None} & {of, by}
        vectors = all(len(tensors[t].sample_shape) == 1 for t in (of, by))
        return vectors and not looped and self.is_real(of) and self.is_real(by)

    def meant(self, name: str, claim: str) -> Meaning:
        """The same, or NetError, in the user's words."""
        found = self.find(name)
        if found is None:
            every = [*self.network.tensors, *self.called, BATCH]
            close = get_close_matches(name, every, n=1, cutoff=0.5)
            has = f"it has {', '.join(self.network.tensors)}; their gradients are dW1 and the like"
            said = f"did you mean {close[0]}?" if close else has
            raise NetError(f"the network has no {name}", said, place(claim))
        info = self.network.tensors[found.tensor]
        if info.block:
            fact = f"{name} is of a block that is repeated, each with values of its own"
            raise NetError(fact, "claims are of what stands outside of repeat", place(claim))
        if found.of is not None and not self.is_real(found.tensor):
            what = "holds whole numbers" if info.bound is not None else "sums to 1"
            fact = f"{found.tensor} {what}, and has no gradient"
            raise NetError(fact, "claim that of another tensor", place(claim))
        return found

    def is_real(self, tensor: str) -> bool:
        """Whether a tensor has a gradient: each of its entries may move alone."""
        info = self.network.tensors[tensor]
        return info.bound is None and not info.sums_to_one and not info.block

    def gradient(self, tensor: str, of: str) -> str:
        """How a gradient is written."""
        if of == self.top:
            return self.adjoint.get(tensor, f"d{tensor}")
        return f"d{of}_d{tensor}"


def place(claim: str) -> str:
    """Where an error of a claim is: the claim itself."""
    return f'claim "{claim}"'
