"""The functions of an emitted module that hold the mathematics: forward, loss and backward."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bpgen.emit.layout import collection
from bpgen.emit.plan import plan
from bpgen.emit.statements import Statements
from bpgen.emit.text import batch_shape, definition, door, joined, names_in, reads, typed
from bpgen.ir import BATCH, Equation, TensorInfo, element
from bpgen.lower.access import read
from bpgen.record import Derivation


@dataclass(frozen=True)
class Function:
    """One function of the module."""

    signature: tuple[str, ...]
    doc: str
    body: tuple[str, ...]


def functions(derivation: Derivation) -> list[Function]:
    """The functions of the mathematics, in the order of the module."""
    write = _Functions(derivation)
    if not derivation.network.loss:
        return [write.forward(), write.backward()]
    return [
        write.forward(),
        write.loss(),
        write.loss_of_cache(),
        write.backward(),
        write.loss_and_grad(),
    ]


class _Functions:
    """Writes the functions of one derivation by its plan."""

    def __init__(self, derivation: Derivation) -> None:
        self.derivation, self.network = derivation, derivation.network
        self.plan = plan(derivation)
        self.write = Statements(derivation, self.plan)
        self.params = self.network.role("param")
        self.inputs, self.targets = self.network.role("input"), self.network.role("target")
        self.seeds = () if self.network.loss else tuple(f"d_{o}" for o in self.network.outputs)
        self.given = {
            "inputs": ", ".join(t.name for t in self.inputs),
            "targets": ", ".join(t.name for t in self.targets),
        }

    def forward(self) -> Function:
        outputs = self.network.outputs
        one = len(outputs) == 1
        returned = "np.ndarray" if one else f"tuple[{', '.join('np.ndarray' for _ in outputs)}]"
        body = ["_check(params)", *self._unpacked(f.evaluated for f in self.plan.forward)]
        body += self._doors(self.inputs)
        body += self.write.forward(self.plan.forward)
        body = self._with_lengths(body, [t.name for t in self.inputs])
        body = self._counted(body)
        body += collection("cache = ", [f'"{n}": {n}' for n in self.plan.cache], indent=4)
        given = [
            read(element(o, self.network.tensors[o].indices), self.write.scope).text
            for o in outputs
        ]
        body.append(f"return {given[0] if one else f'({joined(*given)})'}, cache")
        shapes = ", ".join(f"{o} {batch_shape(self.network.tensors[o])}" for o in outputs)
        doc = f"The output{'' if one else 's'} {shapes}, and the cache for backward."
        arguments = ["params: Arrays", *typed(self.inputs)]
        return Function(
            tuple(definition("forward", arguments, f"tuple[{returned}, Arrays]")), doc, tuple(body)
        )

    def loss(self) -> Function:
        body = [
            f"_, cache = forward({joined('params', self.given['inputs'])})",
            f"return _loss({joined('params', 'cache', self.given['targets'])})",
        ]
        arguments = ["params: Arrays", *typed(self.inputs), *typed(self.targets)]
        return Function(
            tuple(definition("loss", arguments, "float")), "The loss of a batch.", tuple(body)
        )

    def loss_of_cache(self) -> Function:
        equations = [f.evaluated for f in self.plan.loss]
        body = [
            *self._unpacked(equations),
            *self._opened(equations),
            *self._doors(self._read_targets(equations)),
        ]
        body += self.write.forward(self.plan.loss)
        body += [f"value: float = {self.network.loss}.item()", "return value"]
        arguments = ["params: Arrays", "cache: Arrays", *typed(self.targets)]
        return Function(
            tuple(definition("_loss", arguments, "float")),
            "The loss of the batch that left this cache.",
            tuple(self._with_lengths(_with_batch(body), self.plan.cache)),
        )

    def backward(self) -> Function:
        steps = (*self.plan.backward, *self.plan.input_backward)
        equations = [s.evaluated for s in steps] + [f.evaluated for f in self.plan.rebuilt]
        body = [
            *self._unpacked(equations),
            *self._opened(equations),
            *self._doors(self._read_targets(equations)),
        ]
        body += [
            line
            for o, s in zip(self.network.outputs, self.seeds, strict=False)
            for line in self._seed(o, s)
        ]
        body += self.write.forward(self.plan.rebuilt)
        body += self.write.backward(self.plan.backward)
        body += collection(
            "grads = ",
            [f'"{t.name}": {self.derivation.adjoint[t.name]}' for t in self.params],
            indent=4,
        )
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
            tuple(self._with_lengths(_with_batch(body), self.plan.cache)),
        )

    def _input_gradients(self) -> list[str]:
        real = [t for t in self.inputs if t.bound is None]
        lines = self.write.backward(self.plan.input_backward, indent=8)
        lines += [f'grads["{t.name}"] = {self.derivation.adjoint[t.name]}' for t in real]
        return ["if inputs:", *(f"    {line}" for line in lines)] if real else []

    def loss_and_grad(self) -> Function:
        body = [f"_, cache = forward({joined('params', self.given['inputs'])})"]
        arguments = joined("params", "cache", self.given["targets"])
        body.append(f"return _loss({arguments}), backward({arguments})")
        everything = ["params: Arrays", *typed(self.inputs), *typed(self.targets)]
        return Function(
            tuple(definition("loss_and_grad", everything, "tuple[float, Arrays]")),
            "The loss of a batch and its gradients, from one forward pass.",
            tuple(body),
        )

    def _with_lengths(self, body: list[str], arrays: Iterable[str]) -> list[str]:
        """The body with the lengths known only at run time that its statements speak of, read off
        arrays at hand.
        """
        names, lines = names_in(body), []
        for array in arrays:
            for axis, index in enumerate(self.network.tensors[array].indices):
                if isinstance(index.size, str) and index.size != BATCH and index.size in names:
                    names.remove(index.size)
                    held = array if _is_opened(array, body) else f'cache["{array}"]'
                    lines.append(f"{index.size} = {held}.shape[{axis}]")
        first = next((k for k, line in enumerate(body) if line.startswith("# (")), 0)
        return body[:first] + lines + body[first:]

    def _counted(self, body: list[str]) -> list[str]:
        """The body with N and the row numbers, where its statements speak of them."""
        names = names_in(body)
        rows = ["rows = np.arange(N)"] if "rows" in names else []
        known = any(line.startswith("N = ") for line in body)
        length = [f"N = len({self.inputs[0].name})"] if ("N" in names or rows) and not known else []
        first = next((k for k, line in enumerate(body) if line.startswith("# (")), 0)
        return body[:first] + length + rows + body[first:]

    def _unpacked(self, equations: Iterable[Equation]) -> list[str]:
        read = reads(equations)
        return [f'{t.name} = params["{t.name}"]' for t in self.params if t.name in read]

    def _opened(self, equations: Iterable[Equation]) -> list[str]:
        read = reads(equations)
        return [f'{n} = cache["{n}"]' for n in self.plan.cache if n in read]

    def _read_targets(self, equations: Iterable[Equation]) -> list[TensorInfo]:
        read = reads(equations)
        return [t for t in self.targets if t.name in read]

    def _doors(self, tensors: Iterable[TensorInfo]) -> list[str]:
        lines: list[str] = []
        for t in tensors:
            first = t.role == "input" and t.name == self.inputs[0].name
            lines += door(t, t.name, "None" if first else "N")
            if first and len(self.inputs) > 1:
                lines.append(f"N = len({t.name})")
        return lines

    def _seed(self, output: str, seed: str) -> list[str]:
        return door(self.network.tensors[output], seed, "N")


def _is_opened(array: str, body: list[str]) -> bool:
    """Whether a function has an array under its own name: looked at by the door, or opened from the
    cache.
    """
    return any(line.startswith(f"{array} = ") for line in body)


def _with_batch(body: list[str]) -> list[str]:
    """The body with N and the row numbers where its statements speak of them."""
    names = names_in(body)
    first = next((k for k, line in enumerate(body) if " = cache[" in line), 0)
    rows = ["rows = np.arange(N)"] if "rows" in names else []
    length = ["N = _length(cache)"] if "N" in names or rows else []
    return body[:first] + length + rows + body[first:]
