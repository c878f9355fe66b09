"""What an emitted module declares of itself: title, tables, parameters, self-check."""

from __future__ import annotations

import textwrap
from collections.abc import Container
from math import prod

from bpgen.errors import NetError
from bpgen.functions import Named
from bpgen.ir import Constant, Network, TensorInfo
from bpgen.targets.numpy.layout import WIDTH, call, collection
from bpgen.targets.numpy.text import shape_text
from bpgen.text.document import called, tuple_of


class Interface:
    """The declarations of one network's module, as lines of text."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.params = network.role("param")
        self.inputs, self.targets = network.role("input"), network.role("target")
        self.states = network.role("state")
        self.seeds = () if network.loss else tuple(f"d_{o}" for o in network.outputs)

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
        """SHAPES, INPUTS, STATES, TARGETS, INTEGERS."""
        # What all samples share comes after the inputs among the arguments.
        states = [("STATES: dict[str, tuple[int, ...]]", self.states)] if self.states else []
        tables = (
            ("SHAPES: dict[str, tuple[int, ...]]", self.params),
            ("INPUTS: dict[str, tuple[int | str, ...]]", self.inputs),
            *states,
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

    @property
    def initial(self) -> list[str]:
        """The body of init."""
        draws = any(_drawn_from(self.network.inits[t.name]) for t in self.params)
        items = [f'"{t.name}": {_initial(t, self.network.inits[t.name])}' for t in self.params]
        drawn = ["rng = np.random.default_rng(rng)"] if draws else []
        return drawn + collection("return ", items, indent=4)

    @property
    def packed(self) -> tuple[str, ...]:
        """All parameters end to end; of none, an empty array."""
        ends = "ends = [np.reshape(params[name], -1) for name in sorted(SHAPES)]"
        return (ends, "return np.concatenate(ends)") if self.params else ("return np.zeros(0)",)

    @property
    def drawn(self) -> dict[str, list[str]]:
        """Random arguments for the self-check, five samples of each, as the lines of two lists."""
        return {
            kind: collection(f"{kind}: list[np.ndarray] = ", map(_drawn, tensors), "[]", 8)
            for kind, tensors in (
                ("given", [*self.inputs, *self.states]),
                ("targets", self.targets),
            )
        }

    @property
    def self_check_places(self) -> int:
        """How many entries of each gradient are compared: fewer where a loss takes long."""
        entries = sum(prod(s for s in t.sample_shape if isinstance(s, int)) for t in self.params)
        return 40 if entries < 20_000 else 6

    @property
    def self_check_start(self) -> tuple[str, ...]:
        """The gradients at the random point."""
        if self.network.loss:
            return (
                *self.drawn["targets"],
                f"_, cache = {called('forward', self._given())}",
                *self._gradients("targets", len(self.targets)),
            )
        outputs = "outputs" if len(self.seeds) > 1 else "[outputs]"
        return (
            f"outputs, cache = {called('forward', self._given())}",
            f"upstream = [rng.standard_normal(o.shape) for o in {outputs}]",
            *self._gradients("upstream", len(self.seeds)),
        )

    def _given(self, *rest: str) -> list[str]:
        """The arguments of a call: noise is the same at every one."""
        drawn = ["np.random.default_rng(seed)"] if self.network.role("noise") else []
        return ["params", "*given", *rest, *drawn]

    def _gradients(self, given: str, count: int) -> list[str]:
        arguments = ["params", "cache", *(f"{given}[{k}]" for k in range(count)), "inputs=True"]
        return call("grads = backward", arguments, "", 8)

    @property
    def self_check_value(self) -> tuple[str, ...]:
        """What the gradients are of: the loss, or the outputs against their cotangents."""
        if self.network.loss:
            return tuple(call("total += weight * loss", self._given("*targets"), "", 12))
        outputs = "outputs" if len(self.seeds) > 1 else "[outputs]"
        return (
            f"outputs, _ = {called('forward', self._given())}",
            f"total += weight * sum((o * u).sum() for o, u in zip({outputs}, upstream))",
        )


def refuse_letters(network: Network) -> None:
    """NetError for what only a derivation can be told in: a parameter or state whose sizes are not
    all numbers, and a function of which only the name is known.
    """
    for t in (*network.role("param"), *network.role("state")):
        letters = [size for size in t.sample_shape if isinstance(size, str)]
        if letters:
            blocks = t.block and letters[0] == t.indices[0].size
            what, as_in = (
                ("count of blocks", "repeat(3, ...)") if blocks else ("width", "param(4, 3)")
            )
            raise NetError(
                f"{network.name}: {t.role} {t.name} has the letter {letters[0]} for a {what},"
                " and code needs numbers",
                f"derive tells it in letters; for emit and check give numbers, as in {as_in}",
            )
    refuse_names(network)


def refuse_own(network: Network, own: Container[str], module: str, instead: str) -> None:
    """NetError for a tensor or a length that is called what a module calls its own."""
    for name in (n for n in (*network.tensors, *network.lengths) if n in own):
        fact = f"{network.name}: {name} is what {module} calls its own"
        raise NetError(fact, f"call it {name}1, or {instead}")


def refuse_names(network: Network) -> None:
    """NetError for a function of which only the name is known."""
    for equation in network:
        for f in sorted((f for t in equation.terms for f in t.body.atoms(Named)), key=str):
            raise NetError(
                f"{network.name}: {f.word} of {equation.name} is a name alone, and code needs its"
                " formula",
                "derive tells it by its name; for emit and check give a formula, as in"
                " activation(z / (1 + exp(-z)), z)",
            )


def _drawn_from(how: str | float) -> bool:
    """Whether a parameter begins at random."""
    return how not in ("zeros", "ones") and not isinstance(how, Constant)


def deviation(tensor: TensorInfo, how: str | float) -> tuple[float, float | None]:
    """The number that a parameter begins as, or the deviation of the normal distribution from which
    it is drawn.
    """
    if not _drawn_from(how):
        return float({"zeros": 0, "ones": 1}.get(str(how), how)), None
    fan_in = tensor.sample_shape[-1] if tensor.sample_shape else 1
    spread = {"normal": float(fan_in) ** -0.5, "he": (2 / float(fan_in)) ** 0.5}
    return 0.0, spread.get(str(how)) or float(how)


def _initial(tensor: TensorInfo, how: str | float) -> str:
    shape = shape_text(tensor)
    size = tensor.sample_shape[0] if len(tensor.sample_shape) == 1 else shape
    if how in ("zeros", "ones"):
        return f"np.{how}({size}, dtype)"
    if not _drawn_from(how):
        return f"np.full({size}, {how}, dtype)"
    fan_in = tensor.sample_shape[-1] if tensor.sample_shape else 1
    spread = {"normal": f"{fan_in}**-0.5" if fan_in != 1 else "", "he": f"(2 / {fan_in}) ** 0.5"}
    inner = (int(s) for s in tensor.sample_shape[1 + tensor.block :])
    scale = spread[str(how)] if how in spread else _root(how, prod(inner))
    drawn = f"rng.standard_normal({size})" if tensor.sample_shape else "rng.standard_normal()"
    return f"np.asarray({f'{drawn} * {scale}' if scale else drawn}, dtype)"


def _root(scale: str | float, fan_in: int) -> str:
    """A standard deviation as the root that it came from, where it has too many digits to read."""
    roots = {(1 / fan_in) ** 0.5: f"{fan_in}**-0.5", (2 / fan_in) ** 0.5: f"(2 / {fan_in}) ** 0.5"}
    return roots.get(float(scale), repr(scale)) if len(repr(scale)) > 8 else repr(scale)


def _drawn(tensor: TensorInfo) -> str:
    """Random values of a tensor, as text."""
    sizes = [str(s) if isinstance(s, int) else "3" for s in tensor.sample_shape]
    sizes = ["5", *sizes] if tensor.batched else sizes
    shape = tuple_of(sizes)
    if tensor.bound is not None:
        return f"rng.integers({tensor.bound}, size={shape})"
    if tensor.sums_to_one:
        return f"rng.dirichlet(np.ones({sizes[-1]}), ({', '.join(sizes[:-1])}))"
    return f"rng.uniform(0.2, 1.0, {shape})"
