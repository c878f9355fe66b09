"""Random networks as the text of a net.py, through the public words."""

from __future__ import annotations

from hypothesis import strategies as st

ACTIVATIONS = (
    "sigmoid({})",
    "tanh({})",
    "softplus({})",
    "{}",
    "1/(1+exp(-{}))",
    "{0}*sigmoid({0})",
    "softmax({})",
    "log_softmax({})",
    "{0}/sqrt(1+{0}**2)",
    "exp(-{0}**2)",
    "relu({})",
    "leaky_relu({}, 0.1)",
)
KINKED = ACTIVATIONS[-2:]

# A loss in the output a, its logits z and a target y, the target's declaration, and the activation
# it wants.
LOSSES = (
    ("half_squared_error(a, y)", "target({k})", None),
    ("mean_squared_error(a, y)", "target({k})", None),
    ("sum(log(1 + (a - y)**2))", "target({k})", None),
    ("binary_cross_entropy(a, y)", "target({k})", "sigmoid({})"),
    ("-sum(y*log(a) + (1-y)*log(1-a))", "target({k})", "1/(1+exp(-{}))"),
    ("binary_cross_entropy_with_logits(a, y)", "target({k})", "{}"),
    ("categorical_cross_entropy(a, y)", "one_hot({k})", "softmax({})"),
    ("categorical_cross_entropy(a, y)", "label({k})", "softmax({})"),
    ("categorical_cross_entropy_with_logits(a, y)", "label({k})", "{}"),
    ("-sum(y*log(a))", "target({k})", "softmax({})"),
    ("log(sum(exp(a))) - a[y]", "label({k})", "{}"),
)
WIDTHS = st.sampled_from([1, 2, 3, 5, 7])


@st.composite
def networks(draw: st.DrawFn, kinks: bool = False) -> str:
    """A net.py: a chain of layers with residuals and shared weights here and there, a loss, perhaps
    a penalty.
    """
    width = draw(WIDTHS)
    lines = ["from bpgen import *", f"x = input({width})", "a0 = x"]
    allowed = ACTIVATIONS if kinks else [a for a in ACTIVATIONS if a not in KINKED]
    weights = []
    depth = draw(st.integers(1, 4))
    for k in range(1, depth + 1):
        loss, target, wanted = LOSSES[0] if k < depth else draw(st.sampled_from(LOSSES))
        new = draw(WIDTHS)
        if weights and new == width and weights[-1][1:] == (new, width) and draw(st.booleans()):
            name = weights[-1][0]  # used a second time
        else:
            name = f"W{k}"
            lines.append(f"{name} = param({new}, {width})")
            weights.append((name, new, width))
        bias = draw(st.booleans())
        if bias:
            lines.append(f"b{k} = param({new})")
        lines.append(f"z{k} = {name} @ a{k - 1}" + (f" + b{k}" if bias else ""))
        activation = wanted if k == depth and wanted else draw(st.sampled_from(allowed))
        residual = f" + a{k - 1}" if new == width and not wanted and draw(st.booleans()) else ""
        lines.append(f"a{k} = {activation.format(f'z{k}')}{residual}")
        width = new
    lines += [f"a = a{depth}", f"y = {target.format(k=width)}"]
    penalty = draw(st.sampled_from(["", " + 0.1 * l2()", f" + 0.25 * l2({weights[0][0]})"]))
    return "\n".join([*lines, f"L = loss({loss}{penalty})", ""])
