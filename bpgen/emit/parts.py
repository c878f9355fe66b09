"""The parts of an emitted module: its declarations and its functions, as lines that the template
lays out.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from bpgen.emit.layout import WIDTH, call, collection
from bpgen.emit.plan import Plan, plan
from bpgen.emit.statements import Statements
from bpgen.functions import ROWS
from bpgen.ir import BATCH, Equation, TensorInfo
from bpgen.record import Derivation


@dataclass(frozen=True)
class Function:
    """One function of the module."""

    signature: tuple[str, ...]
    doc: str
    body: tuple[str, ...]


class Parts:
    """What the template prints of one derivation."""

    def __init__(self, derivation: Derivation) -> None:
        self.derivation, self.network = derivation, derivation.network
        self.plan: Plan = plan(derivation)
        self.write = Statements(derivation, self.plan)
        self.params = self.network.role("param")
        self.inputs, self.targets = self.network.role("input"), self.network.role("target")
        self.seeds = () if self.network.loss else tuple(f"d_{o}" for o in self.network.outputs)

    @property
    def title(self) -> str:
        """The first line of the module: plain text only, whatever net.py says of itself."""
        words = " ".join(self.network.title.split())
        safe = "".join(
            c if c.isascii() and c.isprintable() and c not in '\\"' else "?" for c in words
        )
        line = f"{self.network.name}: {safe or 'a network and its gradients.'}"
        return textwrap.shorten(line, WIDTH - 3, placeholder=" ...")

    @property
    def about_batch(self) -> str:
        return (
            "the loss is the mean over the N samples of a batch"
            if self.network.loss
            else "a batch has N samples"
        )

    @property
    def declarations(self) -> list[str]:
        """SHAPES, INPUTS, TARGETS, INTEGERS."""
        tables = (
            ("SHAPES: dict[str, tuple[int, ...]]", self.params),
            ("INPUTS: dict[str, tuple[int | str, ...]]", self.inputs),
            ("TARGETS: dict[str, tuple[int | str, ...]]", self.targets),
        )
        bounds = [
            f'"{t.name}": {t.bound}' for t in (*self.inputs, *self.targets) if t.bound is not None
        ]
        lines = [
            line
            for name, tensors in tables
            for line in collection(f"{name} = ", [f'"{t.name}": {shape_text(t)}' for t in tensors])
        ]
        return lines + collection("INTEGERS: dict[str, int] = ", bounds)

    @cached_property
    def functions(self) -> list[Function]:
        """The functions of the mathematics, in the order of the module."""
        functions = [self._init(), self._forward()]
        if self.network.loss:
            functions += [self._loss(), self._loss_of_cache()]
        functions.append(self._backward())
        return functions + ([self._both()] if self.network.loss else [])

    @property
    def helpers(self) -> list[str]:
        """The scalar functions that numpy does not have, where they are used, in the order of the
        table.
        """
        called = {n for f in self.functions for n in _names(f.body)}
        found = [row.helper.strip() for row in ROWS.values() if row.helper and row.name in called]
        return found + [text.strip() for name, text in _ALONG_AXIS.items() if name in called]

    @property
    def doors(self) -> list[str]:
        """The functions that refuse wrong arguments, where they are used."""
        called = {n for f in self.functions for n in _names(f.body)}
        return [name for name in ("_labels", "_one_hot") if name in called]

    @property
    def drawn(self) -> dict[str, list[str]]:
        """Random arguments for the self-check, five samples of each, as the lines of two lists."""
        return {
            kind: collection(f"{kind}: list[np.ndarray] = ", map(_drawn, tensors), "[]", 8)
            for kind, tensors in (("given", self.inputs), ("targets", self.targets))
        }

    @property
    def packed(self) -> tuple[str, ...]:
        """All parameters end to end; of none, an empty array."""
        ends = "ends = [np.reshape(params[name], -1) for name in sorted(SHAPES)]"
        return (ends, "return np.concatenate(ends)") if self.params else ("return np.zeros(0)",)

    @property
    def self_check_start(self) -> tuple[str, ...]:
        """The gradients at the random point."""
        if self.network.loss:
            return (
                *self.drawn["targets"],
                "_, cache = forward(params, *given)",
                *self._gradients("targets", len(self.targets)),
            )
        outputs = "outputs" if len(self.seeds) > 1 else "[outputs]"
        return (
            "outputs, cache = forward(params, *given)",
            f"upstream = [rng.standard_normal(o.shape) for o in {outputs}]",
            *self._gradients("upstream", len(self.seeds)),
        )

    def _gradients(self, given: str, count: int) -> list[str]:
        arguments = ["params", "cache", *(f"{given}[{k}]" for k in range(count)), "inputs=True"]
        return call("grads = backward", arguments, "", 8)

    @property
    def self_check_value(self) -> tuple[str, ...]:
        """What the gradients are of: the loss, or the outputs against their cotangents."""
        if self.network.loss:
            return ("total += weight * loss(params, *given, *targets)",)
        outputs = "outputs" if len(self.seeds) > 1 else "[outputs]"
        return (
            "outputs, _ = forward(params, *given)",
            f"total += weight * sum((o * u).sum() for o, u in zip({outputs}, upstream))",
        )

    @property
    def argument_names(self) -> dict[str, str]:
        """Argument lists as text: of forward after params, of the targets, of both."""
        inputs, targets = [t.name for t in self.inputs], [t.name for t in self.targets]
        return {
            "inputs": ", ".join(inputs),
            "targets": ", ".join(targets),
            "both": ", ".join([*inputs, *targets]),
        }

    def _init(self) -> Function:
        draws = any(self.network.inits[t.name] not in ("zeros", "ones") for t in self.params)
        items = [f'"{t.name}": {_initial(t, self.network.inits[t.name])}' for t in self.params]
        body = ["rng = np.random.default_rng(rng)"] * draws + collection("return ", items, indent=4)
        arguments = ["rng: np.random.Generator | int | None = None", "dtype: type = np.float64"]
        doc = "Fresh parameters, drawn from rng: a seed, a Generator or None."
        return Function(tuple(_def("init", arguments, "Arrays")), doc, tuple(body))

    def _forward(self) -> Function:
        outputs = self.network.outputs
        one = len(outputs) == 1
        returned = "np.ndarray" if one else f"tuple[{', '.join('np.ndarray' for _ in outputs)}]"
        body = ["_check(params)", *self._unpacked(f.evaluated for f in self.plan.forward)]
        body += self._doors(self.inputs)
        body += self.write.forward(self.plan.forward)
        body = self._with_lengths(body, [t.name for t in self.inputs])
        body += collection("cache = ", [f'"{n}": {n}' for n in self.plan.cache], indent=4)
        body.append(f"return {outputs[0] if one else f'({_joined(*outputs)})'}, cache")
        shapes = ", ".join(f"{o} {_batch_shape(self.network.tensors[o])}" for o in outputs)
        doc = f"The output{'' if one else 's'} {shapes}, and the cache for backward."
        arguments = ["params: Arrays", *_typed(self.inputs)]
        return Function(
            tuple(_def("forward", arguments, f"tuple[{returned}, Arrays]")), doc, tuple(body)
        )

    def _loss(self) -> Function:
        names = self.argument_names
        body = [
            f"_, cache = forward({_joined('params', names['inputs'])})",
            f"return _loss({_joined('params', 'cache', names['targets'])})",
        ]
        arguments = ["params: Arrays", *_typed(self.inputs), *_typed(self.targets)]
        return Function(
            tuple(_def("loss", arguments, "float")), "The loss of a batch.", tuple(body)
        )

    def _loss_of_cache(self) -> Function:
        equations = [f.evaluated for f in self.plan.loss]
        body = [
            *self._unpacked(equations),
            *self._opened(equations),
            *self._doors(self._read_targets(equations)),
        ]
        body += self.write.forward(self.plan.loss)
        body += [f"value: float = {self.network.loss}.item()", "return value"]
        arguments = ["params: Arrays", "cache: Arrays", *_typed(self.targets)]
        return Function(
            tuple(_def("_loss", arguments, "float")),
            "The loss of the batch that left this cache.",
            tuple(self._with_lengths(_with_batch(body), self.plan.cache)),
        )

    def _backward(self) -> Function:
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
            _typed(self.targets) if self.network.loss else [f"{s}: np.ndarray" for s in self.seeds]
        )
        arguments = ["params: Arrays", "cache: Arrays", *given, "inputs: bool = False"]
        of = "of the loss" if self.network.loss else "from those of the outputs"
        doc = f"Gradients {of}, named as params; the inputs' too on request."
        return Function(
            tuple(_def("backward", arguments, "Arrays")),
            doc,
            tuple(self._with_lengths(_with_batch(body), self.plan.cache)),
        )

    def _input_gradients(self) -> list[str]:
        real = [t for t in self.inputs if t.bound is None]
        lines = self.write.backward(self.plan.input_backward, indent=8)
        lines += [f'grads["{t.name}"] = {self.derivation.adjoint[t.name]}' for t in real]
        return ["if inputs:", *(f"    {line}" for line in lines)] if real else []

    def _both(self) -> Function:
        names = self.argument_names
        body = [f"_, cache = forward({_joined('params', names['inputs'])})"]
        arguments = _joined("params", "cache", names["targets"])
        body.append(f"return _loss({arguments}), backward({arguments})")
        typed = ["params: Arrays", *_typed(self.inputs), *_typed(self.targets)]
        return Function(
            tuple(_def("loss_and_grad", typed, "tuple[float, Arrays]")),
            "The loss of a batch and its gradients, from one forward pass.",
            tuple(body),
        )

    def _with_lengths(self, body: list[str], arrays: Iterable[str]) -> list[str]:
        """The body with the lengths known only at run time that its statements speak of, read off
        arrays at hand.
        """
        names, lines = _names(body), []
        for array in arrays:
            for axis, index in enumerate(self.network.tensors[array].indices):
                if isinstance(index.size, str) and index.size != BATCH and index.size in names:
                    names.remove(index.size)
                    lines.append(f"{index.size} = {array}.shape[{axis}]")
        first = next((k for k, line in enumerate(body) if line.startswith("# (")), 0)
        return body[:first] + lines + body[first:]

    def _unpacked(self, equations: Iterable[Equation]) -> list[str]:
        read = _reads(equations)
        return [f'{t.name} = params["{t.name}"]' for t in self.params if t.name in read]

    def _opened(self, equations: Iterable[Equation]) -> list[str]:
        read = _reads(equations)
        return [f'{n} = cache["{n}"]' for n in self.plan.cache if n in read]

    def _read_targets(self, equations: Iterable[Equation]) -> list[TensorInfo]:
        read = _reads(equations)
        return [t for t in self.targets if t.name in read]

    def _doors(self, tensors: Iterable[TensorInfo]) -> list[str]:
        lines: list[str] = []
        for t in tensors:
            first = t.role == "input" and t.name == self.inputs[0].name
            lines += _door(t, t.name, "None" if first else "N")
            if first and len(self.inputs) > 1:
                lines.append(f"N = len({t.name})")
        return lines

    def _seed(self, output: str, seed: str) -> list[str]:
        return _door(self.network.tensors[output], seed, "N")


def _with_batch(body: list[str]) -> list[str]:
    """The body with N and the row numbers where its statements speak of them."""
    names = _names(body)
    first = next((k for k, line in enumerate(body) if " = cache[" in line), 0)
    rows = ["rows = np.arange(N)"] if "rows" in names else []
    length = ["N = _length(cache)"] if "N" in names or rows else []
    return body[:first] + length + rows + body[first:]


def _names(lines: Iterable[str]) -> set[str]:
    code = "\n".join(line for line in lines if not line.lstrip().startswith("#"))
    return set(re.findall(r"(?<![.\w])[A-Za-z_]\w*", re.sub(r'"[^"]*"', "", code)))


def _def(name: str, arguments: Iterable[str], returns: str) -> list[str]:
    return call(f"def {name}", arguments, f" -> {returns}:")


def _door(tensor: TensorInfo, name: str, length: str) -> list[str]:
    kind = (
        "_labels"
        if tensor.bound is not None
        else "_one_hot"
        if tensor.sums_to_one and name == tensor.name
        else "_array"
    )
    last = str(tensor.bound) if tensor.bound is not None else "params"
    return call(f"{name} = {kind}", [f'"{name}"', name, shape_text(tensor), length, last], "", 4)


def _joined(*arguments: str) -> str:
    return ", ".join(a for a in arguments if a)


def _typed(tensors: Iterable[TensorInfo]) -> list[str]:
    return [f"{t.name}: np.ndarray" for t in tensors]


def _reads(equations: Iterable[Equation]) -> set[str]:
    return {e.name for equation in equations for e in equation.reads()}


def shape_text(tensor: TensorInfo) -> str:
    """The shape of one sample as Python text."""
    inside = [str(s) if isinstance(s, int) else f'"{s}"' for s in tensor.sample_shape]
    return f"({inside[0]},)" if len(inside) == 1 else f"({', '.join(inside)})"


def _batch_shape(tensor: TensorInfo) -> str:
    sizes = [str(i.size) for i in tensor.indices]
    return f"({sizes[0]},)" if len(sizes) == 1 else f"({', '.join(sizes)})"


def _initial(tensor: TensorInfo, how: str | float) -> str:
    shape = shape_text(tensor)
    size = shape[1:-2] if len(tensor.sample_shape) == 1 else shape
    if how in ("zeros", "ones"):
        return f"np.{how}({size}, dtype)"
    fan_in = tensor.sample_shape[-1] if tensor.sample_shape else 1
    scale = {"normal": f"{fan_in}**-0.5", "he": f"(2 / {fan_in}) ** 0.5"}.get(str(how), repr(how))
    drawn = f"rng.standard_normal({size})" if tensor.sample_shape else "rng.standard_normal()"
    return f"np.asarray({drawn if scale == '1**-0.5' else f'{drawn} * {scale}'}, dtype)"


def _drawn(tensor: TensorInfo) -> str:
    """Random values of a tensor, as text."""
    sizes = [str(s) if isinstance(s, int) else "3" for s in tensor.sample_shape]
    shape = f"({', '.join(['5', *sizes])}{',' if not sizes else ''})"
    if tensor.bound is not None:
        return f"rng.integers({tensor.bound}, size={shape})"
    if tensor.sums_to_one:
        return f"rng.dirichlet(np.ones({sizes[-1]}), {shape[: shape.rindex(',')]}))"
    return f"rng.uniform(0.2, 1.0, {shape})"


_ALONG_AXIS = {
    "logsumexp": '''
def logsumexp(z: np.ndarray, last: int = 1) -> np.ndarray:
    """log(sum(exp(z))) over the last axes; the largest is taken out, so nothing overflows."""
    axes = tuple(range(-last, 0))
    largest = z.max(axis=axes, keepdims=True)
    total = np.exp(z - largest).sum(axis=axes, keepdims=True)
    return np.asarray(np.squeeze(largest + np.log(total), axis=axes))
''',
    "softmax": '''
def softmax(z: np.ndarray) -> np.ndarray:
    """exp(z) / sum(exp(z)) along the last axis; the largest is taken out, so nothing overflows."""
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return np.asarray(e / e.sum(axis=-1, keepdims=True))
''',
}
