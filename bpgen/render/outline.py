"""What a derivation tells, in whatever letters: the loss, what is masked, what depends on what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from bpgen.functions import masked
from bpgen.ir import Equation
from bpgen.record import Derivation, Step
from bpgen.render.dependence import Dependence
from bpgen.render.sample import View
from bpgen.render.softmaxes import log_sums
from bpgen.render.writer import Writer


@dataclass(frozen=True)
class Outline:
    """`total` is the scalar that is differentiated, `blocks` is what each repeated block has its
    own of.
    """

    derivation: Derivation
    view: View
    total: str
    blocks: frozenset[str]

    @staticmethod
    def of(derivation: Derivation, writer: Writer) -> Outline:
        view = View.of(derivation, derivation.separable)
        return Outline(derivation, view, writer.total, frozenset(writer.blocks))

    @cached_property
    def definitions(self) -> Mapping[str, Equation]:
        return {f.equation.name: f.equation for f in self.derivation.forward}

    @cached_property
    def loss(self) -> Equation | None:
        """The mean over the batch, and penalties."""
        sources = (f.source for f in self.derivation.forward)
        return next((s for s in sources if s.name == self.total), None)

    @cached_property
    def shown_loss(self) -> Equation | None:
        return self.view.equation(self.loss) if self.loss else None

    @cached_property
    def sample_loss(self) -> str | None:
        """The loss of one sample, whose adjoint is 1."""
        return self.derivation.network.sample_loss if self.view.sample else None

    @cached_property
    def top(self) -> str:
        """The scalar differentiated for one sample: its loss, or the whole loss where there are
        penalties.
        """
        plain = self.loss is not None and len(self.loss.terms) == 1
        return self.sample_loss if self.sample_loss and plain else self.total

    @cached_property
    def tops(self) -> frozenset[str]:
        return frozenset({self.top, *([self.total] if self.view.sample else [])})

    @cached_property
    def step_of(self) -> Mapping[str, Step]:
        return {s.of: s for s in self.derivation.steps}

    @cached_property
    def dependence(self) -> Dependence:
        return Dependence.of((f.source for f in self.derivation.printed), self.blocks)

    @cached_property
    def masks(self) -> Mapping[str, Equation]:
        """What is masked, as the view shows it."""
        sources = (f.source for f in self.derivation.forward)
        found = [e for e in sources if e.pointwise() and isinstance(e.terms[0].body, masked)]
        return {e.name: self.view.equation(e) for e in found}

    @cached_property
    def log_sums(self) -> Mapping[str, Equation]:
        return log_sums((f.equation for f in self.derivation.forward), self.view)
