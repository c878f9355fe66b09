"""The sentences that a page may have: a row for each, with what holds it to the network."""

from __future__ import annotations

import re
from collections.abc import Callable

from bpgen.check.page.proof.page import Page
from bpgen.check.page.proof.sentences import batch, kinks, meanings, samples, steps, units
from bpgen.check.page.proof.sentences.alike import in_the_same_way
from bpgen.check.page.proof.sentences.feeding import feeds

Judged = Callable[[re.Match[str], Page], str]  # what is false of it
Row = tuple[re.Pattern[str], Judged]


def _pattern(text: str) -> re.Pattern[str]:
    """Of <name> as a formula, and <name*> as several."""
    one = r"\$(?P<{}>[^$]*)\$"
    several = r"(?P<{}>\$[^$]*\$(?:(?:,| and|, and) \$[^$]*\$)*)"
    named = re.compile(r"(?<!P)<(\w+)(\*?)>")
    return re.compile(named.sub(lambda m: (several if m[2] else one).format(m[1]), text))


def _elsewhere(_: re.Match[str], __: Page) -> str:
    return ""


_JUDGED: tuple[tuple[str, Judged], ...] = (
    (r"<delta> says how <top> changes with <tensor>\.", meanings.meaning),
    ("Gradients of <top>:", meanings.top),
    (
        r"<bars*> (?:is the upstream gradient|are the upstream gradients) that backward is given:"
        r" of a scalar <top> further on\.",
        meanings.upstream,
    ),
    (
        r"<units*> (?:is the unit vector|are the unit vectors) of the (?P<kind>label|integer)s?"
        r"(?: <integers*>)?\.",
        units.unit,
    ),
    (r"Long numbers are rounded to six digits\.", meanings.rounded),
    (
        r"(?P<each>Each )?<read> (?P<how>(?:may )?feeds? \w+) <through>,"
        r" so \$\\sum *_ *\{(?P<over>[^$]*)\}\$ adds what comes back\.",
        feeds,
    ),
    (
        r"Each entry of <which*> is drawn in forward: <value> with the probability"
        r" <probability>, else 0\.",
        meanings.drawn,
    ),
    (
        r"A step of gradient descent: \$(?P<new>\S+) \\leftarrow (?P<old>\S+) -"
        r" (?:\\eta|\\mathrm\{lr\}) \\, "  # lr where net.py has an eta
        r"\\tfrac\{\\partial (?P<loss>\S+?)\}\{\\partial (?P<by>\S+)\}\$"
        r"(?P<every>, and so every parameter)?\.",
        meanings.descends,
    ),
    (
        r"Block <letter>, for \$\S+ = (?P<values>[^$]*)\$: from"
        r" (?P<back>the gradient with respect to )?<from> to (?:that of )?<to>\."
        r"(?: The last leaves <last>\.)?",
        steps.block,
    ),
    (
        r"Backpropagation through time: \((?P<first>\d+\w?)\)"
        r"(?: (?P<between>and|to) \((?P<last>\d+\w?)\))?, step by step, for"
        r" \$\S+ = (?P<values>[^$]*)\$\. Beyond the last step, at \$\S+ = (?P<after>[^$]*)\$,"
        r" gradients are 0\.",
        steps.through_time,
    ),
    (r"In the same way: ([\d\w(), .]*)\.$", in_the_same_way),
    # of the batch
    (
        r"The subscript <letter> is the sample, of <length> in the batch"
        r"(?:\.|; the equations keep their numbers\.)",
        samples.subscript,
    ),
    (r"Samples meet in these equations, and so none is told by itself\.", samples.meet),
    (
        r"From here the derivatives are of <loss>, in which the samples are averaged: <delta>"
        r" carries the factor \$1/N\$\.",
        batch.carries,
    ),
    (
        r"Of \$N\$ samples, the gradient of a parameter is the (?P<made>mean|sum) of (?:theirs"
        r"|the data's part; a penalty's stands as it is, and \((?P<total>\d+\w?)\) keeps its"
        r" number)\.",
        batch.of_parameters,
    ),
    (
        r"The gradient of a parameter is the (?P<made>mean|sum) over the samples,"
        r" \$\\sum_\{(?P<letter>[^$]*)\}\$\.",
        batch.summed,
    ),
    # at kinks
    (
        rf"By convention, \$(?P<function>{kinks.NAMES})'(?:\(0(?P<beside>[^$)]*)\)(?: = "
        r"(?P<value>-?\d+(?:\.\d+)?)\$|\$ is \$(?P<own>[^$]+)\$, the slope of the (?P<side>\w+)"
        r" side)|\$ is (?P<ends>-?\d+(?:\.\d+)?) at both ends)\.",
        kinks.slope,
    ),
    (
        rf"By convention, {kinks.ABS}\\textquotesingle\{{\}}\(0\) = "
        r"(?P<value>-?\d+(?:\.\d+)?)\.",
        kinks.absolute,
    ),
    (
        r"By convention, max and min of two that are equal have the slope (?P<value>\d+/\d+)"
        r" along each\.",
        kinks.tie,
    ),
)

# What is read where equations are: it defines or judges them.
_READ_WITH_EQUATIONS = (
    "Gradient with respect to <tensor>(?:, called <delta>)?$",
    r"Sizes: (?:\$[^$]*\$|[^$.])*; a gradient has that of its tensor\.",
    r"Here \$[^$]*\$(?:, \$[^$]*\$)*\.",
    r"In the rules for <letter>, <names*>? is .*\.$",
    r"<deltas*> (?:is the gradient|are the gradients) with respect to <tensors*>\.",
    r"Step by step, for <steps>:",
    r"Beyond the last step, at <step>, gradients are 0\.",
    r"Indices(?:, and labels with them,)? count from [01]\.",
    r"<f> is any function that has a derivative, <slope>\.",
)

# What the reader itself takes signs for, in the same words.
_MEANT = (
    r"(?:\$\\odot\$ and f|F)unctions, powers and quotients of vectors are taken entry by entry\.",
    r"A scalar added to a vector is added to every entry\.",
    r"\$\\mathbf\{1\}\[\\dots\]\$ is 1 where the condition holds, else 0\.",
    r"A sum with conditions below it runs over those values of its indices that satisfy them;"
    r" a sum over none is 0\.",
    r"What gives a maximum at some place does so at these values of the maximum's own indices\.",
    r"Of several indices, the last runs fastest: so their values are ordered\.",
    r"\$\\partial\^\{\+\}\$ is the immediate derivative: of the formula's own mention of the"
    r" variable\.",
    r"0 times a logarithm is 0, and so is 0 over 0\.",
    r"Where a mask keeps nothing, a softmax is 0, and no gradient passes\.",
    r"By convention, of several that are the largest the first alone passes the gradient on: the"
    r" first that the maximum runs through\.",
    r"By convention, the gradient of a norm is 0 where the norm is\.",
)

# What a worked example did in a step, which is judged at its values.
_STEP = (
    r"<drawn*> (?:is|are) as init\(0\) of the module draws\.",
    r"The step is <rate> long\.",
    r"<held*> (?:is held as it is|are held as they are)\.",
    r"<slope> is (?:negative|positive): <output> is too (?:small|large)\.",
    r"<name> goes from <one> to <other>"
    r"(?:: it helped|: it did not help: the step is too long)?\.",
    r"<name> stays <one>: there is nothing to learn here\.",
)

SENTENCES: tuple[Row, ...] = (
    *((_pattern(text), judged) for text, judged in _JUDGED),
    *((_pattern(text), _elsewhere) for text in (*_READ_WITH_EQUATIONS, *_MEANT, *_STEP)),
)
