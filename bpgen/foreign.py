"""Words of numpy and torch that bpgen has not, and what is written here instead."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from bpgen.foreign_calls import (
    clipped,
    dense,
    drawn,
    einsum,
    entered,
    factor,
    reshaped,
    sized,
    stacked,
    summed,
    unsqueezed,
)
from bpgen.vocabulary import WORDS

Row = TypeVar("Row")


def _each(table: Mapping[str, Row]) -> dict[str, Row]:
    """A table whose keys are one word or several, by each of them."""
    return {word: row for words, row in table.items() for word in words.split()}


_AGAIN = _each(  # the same, given the same, under a name of bpgen's
    {
        "ln": "log",
        "cat concatenate": "concat",
        "hardtanh": "clip",
        "sigma logistic expit": "sigmoid",
        "reduce_sum": "sum",
        "reduce_mean average": "mean",
        "amax reduce_max": "max",
        "amin reduce_min": "min",
        "fmax Max": "maximum",
        "fmin Min": "minimum",
        "asinh arcsinh": "arsinh",
        "atan": "arctan",
        "absolute fabs": "abs",
        "permute": "transpose",
        "flip": "reverse",
        "cross_entropy": "categorical_cross_entropy_with_logits",
        "mse mse_loss": "mean_squared_error",
        "mae l1_loss": "mean_absolute_error",
        "bce": "binary_cross_entropy",
        "triplet_margin_loss": "triplet",
        "poisson_nll_loss": "poisson_loss",
        "scaled_dot_product_attention": "attention",
    }
)


@dataclass(frozen=True)
class Written:
    """`code` is what is written of what the word is `given`, here where a net.py gives nothing;
    `why` says more, or all where there is nothing to write.
    """

    code: str | Callable[..., str] = ""
    given: str = ""
    why: str = ""


_STEP = "its slope is 0 nearly everywhere and teaches nothing: take it of what forward returns"
_BEFORE = "bpgen has no formula for it: compute it before, and give it as an input"
_SUMMED = "it is the sum over the outputs, torch's the mean"
_CHANNELS = "the channels are the first axis: x = input(3, 32, 32)"
_ENTRIES = "of fixed numbers each that is not 0 is written so; others are an input"
WRITTEN = _each(
    {
        # of several axes
        "matmul mm mv bmm dot": Written("{0} @ {1}", "W x"),
        "einsum": Written(einsum, "'ij,j->i' W x"),
        "tensordot": Written("tensor(sum({0}[i, j] * {1}[j], j), i)", "W x"),
        "inner vdot": Written("dot({0}, {1})", "x u", "of vectors"),
        "outer": Written("tensor({0}[i] * {1}[j], i, j)", "x u"),
        "kron": Written("flatten(tensor({0}[i] * {1}[j], i, j))", "x u"),
        "trace": Written("sum({0}[i, i], i)", "W"),
        "diag diagonal": Written("tensor({0}[i, i], i)", "W", "of a matrix"),
        "tril": Written("tensor({0}[i, j] * at_most(j, i), i, j)", "W"),
        "triu": Written("tensor({0}[i, j] * at_most(i, j), i, j)", "W"),
        "gather take index_select": Written("tensor({0}[{1}[j]], j)", "x k", "k is whole numbers"),
        "scatter_add index_add": Written("u = zeros(4); u[{1}[j]] = {0}[j]", "x k"),
        "cumsum": Written("h = recurrent(*{0}.shape); h[i] = h[i - 1] + {0}[i]", "x"),
        "cumprod": Written("h = recurrent(*{0}.shape); h[-1] = 1; h[i] = h[i - 1] * {0}[i]", "x"),
        "Sum summation": Written(summed, "x[i]", "the range follows from the axis"),
        "norm": Written("sqrt(sum({0} ** 2))", "x"),
        "normalize": Written("{0} / sqrt(sum({0} ** 2))", "x"),
        "cdist": Written("tensor(sqrt(sum(({0}[i, k] - {1}[j, k]) ** 2, k)), i, j)", "W W"),
        "cosine_similarity": Written("dot({0}, {1}) / sqrt(sum({0}**2) * sum({1}**2))", "x u"),
        "var": Written("mean(({0} - mean({0})) ** 2)", "x", "as numpy's, over all entries"),
        "std": Written("sqrt(mean(({0} - mean({0})) ** 2))", "x", "as numpy's, over all entries"),
        "prod": Written("exp(sum(log({0})))", "x", "of positive numbers"),
        "inv pinv solve det eig eigh svd cholesky sort topk median quantile": Written(why=_BEFORE),
        # element by element
        "add": Written("{0} + {1}", "x u"),
        "sub subtract": Written("{0} - {1}", "x u"),
        "mul multiply": Written("{0} * {1}", "x u"),
        "div divide true_divide": Written("{0} / {1}", "x u"),
        "neg negative": Written("-{0}", "x"),
        "lerp": Written("{0} + {2} * ({1} - {0})", "x u 0.5"),
        "lgamma gammaln digamma polygamma erfinv i0 i1": Written(why=_BEFORE),
        "logaddexp": Written("log(exp({0}) + exp({1}))", "x u", "it does not overflow"),
        "logit": Written("log({0} / (1 - {0}))", "z"),
        "masked_fill": Written("masked({0}, keep)", "z", "minus infinity where keep is 0"),
        "pow power": Written("{0} ** {1}", "z 2"),
        "square": Written("{0} ** 2", "z"),
        "exp2": Written("2 ** {0}", "z"),
        "log1p": Written("log(1 + {0})", "z", "it is computed by log1p"),
        "expm1": Written("u = exp({0}) - 1", "z", "it is computed by expm1"),
        "reciprocal": Written("1 / {0}", "z"),
        "rsqrt": Written("1 / sqrt({0})", "z"),
        "hypot": Written("sqrt({0} ** 2 + {1} ** 2)", "x u"),
        "arctanh atanh": Written("log((1 + {0}) / (1 - {0})) / 2", "z"),
        "arcsin asin": Written("arctan({0} / sqrt(1 - {0} ** 2))", "z"),
        "arccos acos": Written("pi / 2 - arctan({0} / sqrt(1 - {0} ** 2))", "z"),
        "softsign": Written("{0} / (1 + abs({0}))", "z"),
        "softmin": Written("softmax(-{0})", "z"),
        "logsigmoid log_sigmoid": Written("log(sigmoid({0}))", "z"),
        "where": Written(
            "keep * {1} + (1 - keep) * {2}",
            "keep x u",
            "keep is an input of ones and zeros; z where z > 0 is relu(z)",
        ),
        "clip clamp clip_by_value": Written(clipped, "x -1 1"),
        "round floor ceil sign heaviside argmax argmin argsort": Written(why=_STEP),
        # of other shapes
        "view reshape": Written(reshaped, "x 3 1"),
        "ravel flatten": Written("flatten({0})", "x"),
        "t swapaxes transpose": Written("{0}.T", "W", "transpose(x, 1, 0, 2) orders the axes"),
        "squeeze": Written("flatten({0})", "x", "reshape(x, 3, 2) names all sizes"),
        "unsqueeze expand_dims": Written(unsqueezed, "x", "reshape names all sizes"),
        "expand broadcast_to tile repeat": Written(
            why="a tensor goes along the first axes of another by itself: W + x"
        ),
        "hstack": Written("concat({0})", "[x,u]", "of vectors; of matrices with axis=1"),
        "stack vstack": Written(stacked, "[x,u]", "of numbers without [i]"),
        "size": Written(sized, "x", "the product of its sizes is the number of entries"),
        "ndim": Written("len({0}.shape)", "x"),
        # arrays
        "zeros_like": Written("zeros(*{0}.shape)", "x"),
        "ones_like": Written("zeros(*{0}.shape) + 1", "x"),
        "ones": Written("zeros({0}) + 1", "3"),
        "full": Written("zeros({0}) + {1}", "3 0.5"),
        "eye": Written("I = zeros({0}, {0}); I[i, i] = 1", "3"),
        "array asarray arange linspace": Written("c = zeros(2); c[0] = 0.5", why=_ENTRIES),
        "randn rand normal": Written(
            drawn,
            "4 3",
            "the module draws it once, to learn it; noise is an input, eps = input(3)",
        ),
        "randn_like rand_like": Written("eps = input(*{0}.shape)", "x", "noise is an input"),
        "Parameter Variable weight": Written(drawn, "4 3", "the module draws it"),
        "item numpy tolist astype dtype device data copy clone": Written(
            why="a tensor has no value yet: the module that emit writes computes it"
        ),
        "SGD Adam AdamW RMSprop step zero_grad fit compile train": Written(
            why="leave it out: training is a loop of yours over loss_and_grad of the module"
        ),
        "requires_grad requires_grad_ no_grad eval cuda cpu to": Written(
            why="leave it out: what is learned is said by param(...)"
        ),
        "detach stop_gradient": Written(why="no gradient is held back: give it as an input"),
        "backward grad diff gradient value_and_grad": Written(
            why="leave it out: bpgen derives the gradients of L = loss(...), the inputs', too"
        ),
        # layers and losses that are classes
        "linear": Written("dense({0}, 4)", "x"),
        "Linear": Written("dense({on}, {1})", "3 4"),
        "Input InputLayer": Written(entered, "3"),
        "Dense": Written(dense, "4"),
        "Conv2D": Written("conv2d({on}, {0}, {1})", "4 3", _CHANNELS),
        "MaxPooling2D MaxPool2D": Written("max_pool2d({on}, {0})", "2", _CHANNELS),
        "Conv2d": Written("conv2d({on}, {1}, {2})", "1 4 3"),
        "Conv1d": Written("conv1d({on}, {1}, {2})", "1 4 3"),
        "MaxPool2d": Written("max_pool2d({on}, {0})", "2"),
        "AvgPool2d": Written("avg_pool2d({on}, {0})", "2"),
        "Embedding": Written(
            "embedding({on}, {0}, {1})", "9 4", "of whole numbers, input(below=9)"
        ),
        "LSTM": Written("lstm({on}, {1})", "3 4"),
        "GRU": Written("gru({on}, {1})", "3 4"),
        "MultiheadAttention": Written("multi_head_attention({on}, {1})", "4 2"),
        "LayerNorm": Written("layer_norm({on})"),
        "RMSNorm": Written("rms_norm({on})"),
        "GroupNorm": Written("group_norm({on}, {0})", "2"),
        "BatchNorm1d BatchNorm2d BatchNormalization": Written("batch_norm({on})"),
        "Dropout": Written("dropout({on}, {0})", "0.5"),
        "Sequential Module Model": Written(
            "h = dense(x, 4, relu)", why="each layer is called on what the one before made"
        ),
        "LeakyReLU": Written("leaky_relu({on}, {0})", "0.01"),
        "L1Loss": Written("mean_absolute_error({0}, {1})", "a y"),
        "HuberLoss huber_loss": Written("huber({0}, {1})", "a y", _SUMMED),
        "SmoothL1Loss smooth_l1_loss": Written("smooth_l1({0}, {1})", "a y", _SUMMED),
        "kl_div": Written("kl_divergence({0}, {1}, log_input=True)", "z y", _SUMMED),
        "NLLLoss nll_loss": Written("-{0}[{1}]", "logp label", "of a label and log_softmax(z)"),
        "MSELoss": Written("mean_squared_error({0}, {1})", "a y"),
        "CrossEntropyLoss": Written("categorical_cross_entropy_with_logits({0}, {1})", "z y"),
        "BCELoss": Written("binary_cross_entropy({0}, {1})", "a y"),
        "BCEWithLogitsLoss": Written("binary_cross_entropy_with_logits({0}, {1})", "z y"),
    }
)


# Classes that make a layer, which is called on what it reads; of these, such as need the first of
# what they are given.
LAYERS = {w for w, row in WRITTEN.items() if row.code is dense or "{on}" in str(row.code)}
SIZED = {w for w in LAYERS if WRITTEN[w].code is dense or "{0}" in str(WRITTEN[w].code)}


def instead(word: str, given: Sequence[str] = (), on: Sequence[str] = ()) -> str:
    """What to write for a foreign word and what it is given, as text; `on` is what its result is
    called on, as in `Linear(3, 4)(x)`. "" where bpgen knows of none.
    """
    code, why = code_of(word, given, on), WRITTEN[word].why if word in WRITTEN else ""
    letters = [k for k in _letters(code) if k not in given]
    where = f', where {", ".join(letters)} = indices("{" ".join(letters)}")' if letters else ""
    if not on and (word in LAYERS or word.endswith("Loss")):
        where += ", where it is called"
    return ": ".join(part for part in (code and f"write {code}{where}", why) if part)


def code_of(word: str, given: Sequence[str] = (), on: Sequence[str] = ()) -> str:
    """The formula alone."""
    row, read = WRITTEN.get(word), on[0] if on else "x"
    if row is None:
        return _again(word, (*on, *given))
    if on and word not in LAYERS:  # the class of a loss
        given = on
    places, default = [g for g in given if not re.match(r"\w+=", g)], row.given.split()
    if callable(row.code):
        named = [g for g in given if re.match("(activation|shape|(a_)?(min|max))=", g)]
        return row.code(*[read] * (word in LAYERS), *(places or default), *named)
    return row.code.format(*map(factor, (*places, *default[len(places) :])), on=read)


def _again(word: str, given: Sequence[str]) -> str:
    spelled = ((_AGAIN.get(w), w if w in WORDS else None) for w in (word, word.lower()))
    name = next((w for pair in spelled for w in pair if w), "")
    for other, own in _NAMED.items():
        given = [re.sub(other, own, g) for g in given]
    return name and (f"{name}({', '.join(filter(None, given))})" if given else name)


_NAMED = {
    r"^dim=": "axis=",
    r"^(a_)?(min|max)=": "",
    r"^(keepdims?|training|inplace)=.*": "",
    r"^p=": "",
}


def _letters(code: str) -> list[str]:
    """The indices in it."""
    places = re.findall(r"(?<=[\w)])\[([^][]*)\]", code)
    return sorted({k for place in places for k in re.findall(r"\b[a-z]\b", place)})
