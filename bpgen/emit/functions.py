"""The functions of an emitted module that hold the mathematics: forward, loss and backward."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from bpgen.emit.flat import outside_blocks, per_block
from bpgen.emit.function import Function
from bpgen.emit.layout import collection
from bpgen.emit.lengths import measured
from bpgen.emit.plan import plan
from bpgen.emit.statements import Statements
from bpgen.emit.text import batch_shape, definition, door, drawn, joined, lengths_in, reads, typed
from bpgen.ir import BATCH, Equation, TensorInfo
from bpgen.lower.rows import in_rows
from bpgen.record import Derivation


def functions(derivation: Derivation) -> list[Function]:
    """The functions of the mathematics, in the order of the module."""
    write = _Functions(derivation)
    blocks = list(dict.fromkeys(write.write.blocks.values()))
    forward = [write.forward(), *(b.forward() for b in blocks)]
    backward = [write.backward(), *(b.backward() for b in blocks if b.has(b.gradient))]
    if not derivation.network.loss:
        return forward + backward
    return [
        *forward,
        write.loss(),
        write.loss_of_cache(),
        *backward,
        write.loss_and_grad(),
    ]


class _Functions:
    """Writes the functions of one derivation by its plan."""

    def __init__(self, derivation: Derivation) -> None:
        self.network, self.derivation = derivation.network, in_rows(derivation)
        self.plan = plan(self.derivation)
        self.write = Statements(self.derivation, self.plan)
        self.params = self.network.role("param")
        self.inputs = [*self.network.role("input"), *self.network.role("state")]
        self.targets = self.network.role("target")
        self.noise = self.network.role("noise")
        self.seeds = () if self.network.loss else tuple(f"d_{o}" for o in self.network.outputs)
        drawn = ["rng: np.random.Generator | None = None"] if self.noise else []
        self.arguments = {
            "forward": ["params: Arrays", *typed(self.inputs), *drawn],
            "loss": ["params: Arrays", *typed(self.inputs), *typed(self.targets), *drawn],
        }
        self.given = {
            "inputs": joined(*(t.name for t in self.inputs), "rng" if drawn else ""),
            "targets": ", ".join(t.name for t in self.targets),
        }

    def forward(self) -> Function:
        outputs = self.network.outputs
        one = len(outputs) == 1
        returned = "np.ndarray" if one else f"tuple[{', '.join('np.ndarray' for _ in outputs)}]"
        body = [
            "_check(params)",
            *self._unpacked(self._outer(f.evaluated for f in self.plan.forward)),
        ]
        body += [*self._doors(self.inputs, set()), *self._drawn()]
        body += self.write.forward(self.plan.forward)
        body = measured(body, {t.name: t.name for t in self.inputs}, self.write.scope.tensors)
        cached = [f'"{n}": {n}' for n in self._outer_cache()]
        stores = dict.fromkeys(f"**{b.store}" for b in self.write.blocks.values())
        body += collection("cache = ", [*cached, *stores], indent=4)
        given = [self._output(o) for o in outputs]
        body.append(f"return {given[0] if one else f'({joined(*given)})'}, cache")
        shapes = ", ".join(f"{o} {batch_shape(self.write.scope.tensors[o])}" for o in outputs)
        doc = f"The output{'' if one else 's'} {shapes}, and the cache for backward."
        returns = f"tuple[{returned}, Arrays]"
        signature = definition("forward", self.arguments["forward"], returns)
        return Function(tuple(signature), doc, tuple(body))

    def _drawn(self) -> list[str]:
        """Noise, drawn anew at each call."""
        like = next((x.name for x in self.inputs if x.bound is None), None)
        like = like or f'params["{self.params[0].name}"]'
        return [line for t in self.noise if not t.block for line in drawn(t, like)]

    def _outer_cache(self) -> list[str]:
        """What the cache holds beside what each block leaves there."""
        steps = (*self.plan.backward, *self.plan.input_backward)
        computed = [f.evaluated for f in (*self.plan.loss, *self.plan.rebuilt)]
        outer = reads(self._outer([*computed, *(s.evaluated for s in steps)]))
        return [n for n in self.plan.cache if n in outer or not self.network.tensors[n].block]

    def _output(self, name: str) -> str:
        """An output as the caller sees it: without what stands before a recurrence's first step."""
        carried = self.write.scope.tensors[name].carried
        return name if carried is None else f"{name}[{':, ' * carried}1:]"

    def loss(self) -> Function:
        body = [
            f"_, cache = forward({joined('params', self.given['inputs'])})",
            f"return _loss({joined('params', 'cache', self.given['targets'])})",
        ]
        signature = definition("loss", self.arguments["loss"], "float")
        return Function(tuple(signature), "The loss of a batch.", tuple(body))

    def loss_of_cache(self) -> Function:
        equations = [f.evaluated for f in self.plan.loss]
        body = [
            *self._unpacked(equations),
            *self._opened(equations),
            *self._doors(self._read_targets(equations), self._lengths()),
        ]
        body += self.write.forward(self.plan.loss)
        body += [f"value: float = {self.network.loss}.item()", "return value"]
        arguments = ["params: Arrays", "cache: Arrays", *typed(self.targets)]
        return Function(
            tuple(definition("_loss", arguments, "float")),
            "The loss of the batch that left this cache.",
            tuple(measured(body, self._at_hand(body), self.write.scope.tensors)),
        )

    def backward(self) -> Function:
        steps = (*self.plan.backward, *self.plan.input_backward)
        equations = [s.evaluated for s in steps] + [f.evaluated for f in self.plan.rebuilt]
        equations = self._outer(equations)
        body = [
            *self._unpacked(equations),
            *self._opened(equations),
            *self._doors(self._read_targets(equations), self._lengths()),
        ]
        body += [
            line
            for o, s in zip(self.network.outputs, self.seeds, strict=False)
            for line in self._seed(o, s)
        ]
        body += self.write.forward(self.plan.rebuilt)
        body += self.write.backward(self.plan.backward)
        blocks = dict.fromkeys(self.write.blocks.values())
        body += [line for b in blocks for line in b.stacked_lines()]
        grads = dict.fromkeys(map(self._gradient, self.params))
        body += collection("grads = ", grads, indent=4)
        body += [*self._input_gradients(), "return grads"]
        given = (
            typed(self.targets) if self.network.loss else [f"{s}: np.ndarray" for s in self.seeds]
        )
        arguments = ["params: Arrays", "cache: Arrays", *given, "inputs: bool = False"]
        of = "of the loss" if self.network.loss else "from those of the outputs"
        doc = f"Gradients {of}, named as params; the inputs' too on request."
        return Function(
            tuple(definition("backward", arguments, "Arrays")),
            doc,
            (
                *self._cache_door(),
                *measured(body, self._at_hand(body), self.write.scope.tensors),
            ),
        )

    def _gradient(self, parameter: TensorInfo) -> str:
        """The gradient of a parameter among those that backward returns; those of the parameters
        of a block stand together.
        """
        adjoint = self.derivation.adjoint[parameter.name]
        for blocks in self.write.blocks.values():
            if blocks.has(adjoint):
                return f"**{blocks.stacked}"
        return f'"{parameter.name}": {adjoint}'

    def _input_gradients(self) -> list[str]:
        real = [t for t in self.inputs if t.name in self.derivation.adjoint]
        lines = self.write.backward(self.plan.input_backward, indent=8)
        lines += [f'grads["{t.name}"] = {self.derivation.adjoint[t.name]}' for t in real]
        return ["if inputs:", *(f"    {line}" for line in lines)] if real else []

    def loss_and_grad(self) -> Function:
        body = [f"_, cache = forward({joined('params', self.given['inputs'])})"]
        arguments = joined("params", "cache", self.given["targets"])
        body.append(f"return _loss({arguments}), backward({arguments})")
        return Function(
            tuple(definition("loss_and_grad", self.arguments["loss"], "tuple[float, Arrays]")),
            "The loss of a batch and its gradients, from one forward pass.",
            tuple(body),
        )

    def _at_hand(self, body: list[str]) -> dict[str, str]:
        """The arrays that a body may measure: those of the cache that it opens, any of the cache,
        and the targets that it lets in.
        """
        cached = [n for n in self._outer_cache() if not self.network.tensors[n].block]
        opened = {n: n for n in cached if f'{n} = cache["{n}"]' in body}
        shut = {n: f'cache["{n}"]' for n in cached if n not in opened}
        let_in = (
            t.name for t in self.targets if any(line.startswith(f"{t.name} = _") for line in body)
        )
        return {**opened, **shut, **{n: n for n in let_in}}

    def _lengths(self) -> set[str]:
        """The lengths that the cached arrays tell."""
        axes = (i for n in self.plan.cache for i in self.network.tensors[n].indices)
        return {i.size for i in axes if isinstance(i.size, str)}

    def _unpacked(self, equations: Iterable[Equation]) -> list[str]:
        read = reads(equations)
        return [f'{t.name} = params["{t.name}"]' for t in self.params if t.name in read]

    def _opened(self, equations: Iterable[Equation]) -> list[str]:
        read = reads(equations)
        return [f'{n} = cache["{n}"]' for n in self._outer_cache() if n in read]

    def _read_targets(self, equations: Iterable[Equation]) -> list[TensorInfo]:
        """The targets that are read, or that alone tell a length which is spoken of."""
        equations = list(equations)
        read, told = reads(equations), {*lengths_in(equations)} - self._lengths()
        return [t for t in self.targets if t.name in read or told & {*t.sample_shape}]

    def _doors(self, tensors: Iterable[TensorInfo], known: set[str]) -> list[str]:
        """What lets the arguments in; `known` are the lengths that have a value by now."""
        lines: list[str] = []
        for t in tensors:
            lines += door(t, t.name, BATCH if BATCH in known else "None", known)
            known |= {i.size for i in t.indices if isinstance(i.size, str)}
        return lines

    def _cache_door(self) -> list[str]:
        """What refuses an output, or parameters, in the place of the cache."""
        return [f'_left_by_forward(cache, "{first}")' for first in self._outer_cache()[:1]]

    def _outer(self, equations: Iterable[Equation]) -> list[Equation]:
        """What the functions of the whole network compute: all but what each of its blocks does."""
        own = map(outside_blocks, equations)
        rest = (replace(e, terms=per_block(e, self.write.tensors)[1]) for e in own)
        return [e for e in rest if e.terms]

    def _seed(self, output: str, seed: str) -> list[str]:
        return door(self.write.scope.tensors[output], seed, BATCH, self._lengths())
