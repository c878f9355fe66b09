"""The functions of a module that hold the mathematics: forward, loss and backward."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from bpgen.ir import BATCH, Equation, TensorInfo
from bpgen.once import once
from bpgen.program import grammar as program
from bpgen.program.check import check
from bpgen.program.grammar import Argument, Assign, Call, Expr, Function, Node, Pack, Ref, Return
from bpgen.program.measured import measured
from bpgen.raising.access import steps_of
from bpgen.raising.bodies import Bodies
from bpgen.raising.doors import door, doors, lengths_along, lengths_in
from bpgen.raising.equation import Raiser, drawn
from bpgen.raising.flat import outside_blocks, per_block, read_by
from bpgen.raising.plan import plan
from bpgen.record import Derivation, Forward, Step
from bpgen.rows import in_rows
from bpgen.text.document import tuple_of

_PARAMS, _CACHE = Argument("params", "arrays"), Argument("cache", "arrays")


@once
def functions(derivation: Derivation) -> Sequence[Function]:
    """The functions of the mathematics, in the order of the module, for whatever target."""
    made = _made(derivation)
    check(made)
    return made


def _made(derivation: Derivation) -> list[Function]:
    made = _Functions(derivation)
    blocks = made.bodies.every
    forward = [made.forward(), *(b.forward() for b in blocks)]
    backward = [made.backward(), *(b.backward() for b in blocks if b.back is not None)]
    if derivation.network.loss:
        forward += [made.loss(), made.loss_of_cache()]
        backward += [made.loss_and_grad()]
    return [measured(f, made.cached, made.tensors) for f in forward + backward]


class _Functions:
    """Makes the functions of one derivation by its plan."""

    def __init__(self, derivation: Derivation) -> None:
        self.network, self.derivation = derivation.network, in_rows(derivation)
        self.plan = plan(self.derivation)
        self.raiser = Raiser(self.derivation, self.plan)
        self.bodies, self.tensors = Bodies(self.raiser), self.raiser.scope.tensors
        self.params = self.network.role("param")
        self.inputs = [*self.network.role("input"), *self.network.role("state")]
        self.targets = self.network.role("target")
        self.noise = self.network.role("noise")
        self.seeds = () if self.network.loss else tuple(f"d_{o}" for o in self.network.outputs)
        random = [Argument("rng", "noise")] if self.noise else []
        given = [_PARAMS, *_arrays(self.inputs)]
        self.arguments = {
            "forward": (*given, *random),
            "loss": (*given, *_arrays(self.targets), *random),
        }
        self.of_forward = tuple(a.name for a in self.arguments["forward"])
        self.of_cache = ("params", "cache", *(t.name for t in self.targets))
        self.steps = (*self.plan.backward, *self.plan.input_backward)
        self.cached = self._outer_cache()
        self.lengths = lengths_along(self.network.tensors[n] for n in self.plan.cache)

    def forward(self) -> Function:
        outputs = self.network.outputs
        stores = tuple(b.store for b in self.bodies.every)
        outer = tuple(map(self._output, outputs))
        body = (
            program.Guard("params"),
            *self.raiser.unpacked(self._outer(self.plan.forward)),
            *doors(self.inputs, set()),
            *self._drawn(),
            *self.bodies.statements(self.plan.forward),
            Pack("cache", tuple((n, n) for n in self.cached), stores),
            Return((outer if len(outer) > 1 else outer[0], Ref("cache"))),
        )
        sizes = {o: tuple_of(str(i.size) for i in self.tensors[o].indices) for o in outputs}
        shapes = ", ".join(f"{o} {shape}" for o, shape in sizes.items())
        doc = f"The output{'s' * (len(outputs) > 1)} {shapes}, and the cache for backward."
        kinds = ("array",) * len(outputs)
        returns = (kinds if len(kinds) > 1 else "array", "arrays")
        return Function("forward", self.arguments["forward"], returns, doc, body)

    def _drawn(self) -> Iterator[Node]:
        """Noise, drawn anew at each call."""
        real = next((x.name for x in self.inputs if x.bound is None), None)
        like = Ref(real) if real else Ref(self.params[0].name, "params")
        return (drawn(t, like) for t in self.noise if not t.block)

    def _outer_cache(self) -> list[str]:
        """What the cache holds beside what each block leaves there."""
        outer = read_by(self._outer((*self.plan.loss, *self.plan.rebuilt, *self.steps)))
        return [n for n in self.plan.cache if n in outer or not self.network.tensors[n].block]

    def _output(self, name: str) -> Expr:
        """An output as the caller sees it: without what stands before a recurrence's first step."""
        info = self.tensors[name]
        return steps_of(program.Read(name, info.indices), info.carried)

    def loss(self) -> Function:
        return self._of_batch("loss", {"_loss": "float"}, "The loss of a batch.")

    def loss_and_grad(self) -> Function:
        doc = "The loss of a batch and its gradients, from one forward pass."
        return self._of_batch("loss_and_grad", {"_loss": "float", "backward": "arrays"}, doc)

    def _of_batch(self, name: str, calls: Mapping[str, str], doc: str) -> Function:
        """What functions, by what each returns, make of the cache that forward leaves."""
        given = Return(tuple(Call((), f, self.of_cache) for f in calls))
        body = (Call(("_", "cache"), "forward", self.of_forward), given)
        return Function(name, self.arguments["loss"], tuple(calls.values()), doc, body)

    def loss_of_cache(self) -> Function:
        equations = [f.evaluated for f in self.plan.loss]
        body = (
            *self._opening(equations),
            *self.bodies.statements(self.plan.loss),
            Return((program.Number(self.network.loss or ""),)),
        )
        doc = "The loss of the batch that left this cache."
        arguments = (_PARAMS, _CACHE, *_arrays(self.targets))
        return Function("_loss", arguments, ("float",), doc, body)

    def backward(self) -> Function:
        equations = self._outer((*self.steps, *self.plan.rebuilt))
        given = zip(self.network.outputs, self.seeds, strict=False)
        body = (
            *(program.Guard("cache", first) for first in self.cached[:1]),
            *self._opening(equations),
            *(door(self.tensors[o], seed, {*self.lengths, BATCH}) for o, seed in given),
            *self.bodies.statements((*self.plan.rebuilt, *self.plan.backward)),
            *(s for b in self.bodies.every for s in b.stacks()),
            self._gradients(),
            *self._input_gradients(),
            Return((Ref("grads"),)),
        )
        of = "of the loss" if self.network.loss else "from those of the outputs"
        doc = f"Gradients {of}, named as params; the inputs' too on request."
        seeds = [Argument(s, "array") for s in self.seeds]
        upstream = _arrays(self.targets) if self.network.loss else seeds
        arguments = (_PARAMS, _CACHE, *upstream, Argument("inputs", "flag"))
        return Function("backward", arguments, ("arrays",), doc, body)

    def _gradients(self) -> Pack:
        """The gradients of the parameters; those of the parameters of a block stand together."""
        entries: list[tuple[str, str]] = []
        for parameter in self.params:
            adjoint = self.derivation.adjoint[parameter.name]
            of_block = next((b for b in self.bodies.every if adjoint in b.gradients), None)
            entry = (parameter.name, adjoint) if of_block is None else ("", of_block.stacked)
            if entry not in entries:
                entries.append(entry)
        return Pack("grads", tuple(entries))

    def _input_gradients(self) -> tuple[Node, ...]:
        real = [t.name for t in self.inputs if t.name in self.derivation.adjoint]
        made = self.bodies.statements(self.plan.input_backward)
        given = (program.Entry(Ref(n, "grads"), self.derivation.adjoint[n]) for n in real)
        return (program.OnRequest((*made, *given)),) if real else ()

    def _opening(self, equations: list[Equation]) -> tuple[Node, ...]:
        """What a function takes out of params and the cache, and the targets that it lets in."""
        read = read_by(equations)
        return (
            *self.raiser.unpacked(equations),
            *(Assign(n, Ref(n, "cache")) for n in self.cached if n in read),
            *doors(self._read_targets(equations), {*self.lengths}),
        )

    def _read_targets(self, equations: list[Equation]) -> list[TensorInfo]:
        """The targets that are read, or that alone tell a length which is spoken of."""
        read, told = read_by(equations), {*lengths_in(equations)} - self.lengths
        return [t for t in self.targets if t.name in read or told & {*t.sample_shape}]

    def _outer(self, steps: Iterable[Forward | Step]) -> list[Equation]:
        """What the functions of the whole network compute: all but what each of its blocks does."""
        own = (outside_blocks(s.evaluated) for s in steps)
        rest = (replace(e, terms=per_block(e, self.raiser.tensors)[1]) for e in own)
        return [e for e in rest if e.terms]


def _arrays(tensors: Iterable[TensorInfo]) -> list[Argument]:
    return [Argument(t.name, "array") for t in tensors]
