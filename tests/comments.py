"""The comments of a network's module, read back beside its page."""

from __future__ import annotations

from bpgen.check.comments import judged
from bpgen.check.comments.judge import Judge
from bpgen.check.comments.told import told
from bpgen.check.comments.values import Values
from bpgen.derive import derive
from bpgen.ir import Network
from bpgen.render import render


def comments(module: str) -> list[str]:
    """Their texts, each once."""
    return list(dict.fromkeys(line.text for line in told(module)))


def judge_of(network: Network, seed: int = 0) -> Judge:
    return Judge(Values.drawn(derive(network).network, _page(network), seed))


def differences(network: Network, module: str) -> dict[str, str]:
    """Each comment, and how its sides differ, or why it cannot be read."""
    found = judged(module, _page(network), derive(network).network)
    return {text: line.reason if line is not None else "" for text, line in found}


def false(network: Network, module: str) -> list[str]:
    """The comments that do not hold, each with how."""
    return [f"{line}\n  {why}" for line, why in differences(network, module).items() if why]


def _page(network: Network) -> str:
    return render(derive(network), fmt="latex", steps="short")
