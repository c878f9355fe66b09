"""Every activation and every loss of the words, each of its options, as networks."""

ACTIVATIONS = (
    "erf(z)",
    "erfc(z)",
    "elu(z)",
    "elu(z, 0.7)",
    "selu(z)",
    "gelu(z)",
    'gelu(z, "tanh")',
    "silu(z)",
    "mish(z)",
    "relu6(3 * z)",
    "hard_tanh(z)",
    "clip(z, -0.2, 0.6)",
    "maximum(z, tanh(2 * z) / 2)",
    "min(z, 1 - z, 0.3)",
    "hard_sigmoid(z)",
    "hard_swish(z)",
    "prelu(z)",
    "prelu(z, per_channel=True)",
    "glu(z, 2 * z)",
    "swiglu(z, z + 1)",
)
# A loss, its target y, and what else it needs.
LOSSES = (
    ("absolute_error(z, y)", "target(4)", ""),
    ("mean_absolute_error(z, y)", "target(4)", ""),
    ("huber(z, y)", "target(4)", ""),
    ("huber(z, y, 0.3)", "target(4)", ""),
    ("smooth_l1(z, y, beta=0.4)", "target(4)", ""),
    ("log_cosh_loss(z, y)", "target(4)", ""),
    ("hinge(z, y)", "target(4)", ""),
    ("poisson_loss(z, y)", "target(4)", ""),
    ("poisson_loss(exp(z), y, log_input=False)", "target(4)", ""),
    ("kl_divergence(softmax(z), y)", "target(4)", ""),
    ("kl_divergence(log_softmax(z), y, log_input=True)", "one_hot(4)", ""),
    ("kl_divergence_with_logits(z, y)", "one_hot(4)", ""),
    ("categorical_cross_entropy(softmax(z), y, label_smoothing=0.1)", "label(4)", ""),
    ("categorical_cross_entropy(softmax(z), y, label_smoothing=0.1)", "one_hot(4)", ""),
    ("categorical_cross_entropy_with_logits(z, y, weight=[1, 2, 0, 0.5])", "one_hot(4)", ""),
    ("categorical_cross_entropy_with_logits(z, y, weight=u)", "label(4)", "u = input(4)"),
    ("u * categorical_cross_entropy_with_logits(z, y)", "label(4)", "u = target()"),
    ("categorical_cross_entropy_with_logits(z, y, ignore=1)", "label(4)", ""),
    ("categorical_cross_entropy(softmax(z), y, ignore=1, label_smoothing=0.1)", "label(4)", ""),
    ("categorical_cross_entropy_with_logits(z, y, ignore=1)", "one_hot(4)", ""),
    ("multiclass_hinge(z, y)", "label(4)", ""),
    ("multiclass_hinge(z, y, power=2)", "label(4)", ""),
    ("multiclass_hinge(z, y)", "one_hot(4)", ""),
    ("triplet(z, y, u)", "input(4)", "u = input(4)"),
    ("contrastive(z, u, y, margin=4)", "target()", "u = input(4)"),
    ("mixture_density(z, m, s, y)", "target()", "m, s = param(4, 2) @ x, param(4, 2) @ x"),
    ("mixture_density(z, m, s, y)", "target(2)", "m, s = param(4, 2), param(4, 2)"),
)
LAYER = "from bpgen import *\nx, y = input(2), {}\nW, b = param(4, 2), param(4)\nz = W @ x + b\n"
WORDS = {
    a: f"{LAYER.format('target(4)')}L = loss(half_squared_error({a}, y))\n" for a in ACTIVATIONS
}
WORDS |= {f"{loss} {y}": f"{LAYER.format(y)}{more}\nL = loss({loss})\n" for loss, y, more in LOSSES}
