"""Is a line of a person's own derivation right? Equal, exactly; or not, and why.

A claim is a line in numpy's words, or as a module's comments have it, a line of LaTeX, or a file of
functions. Both sides are computed
from the network written out in scalars and differentiated by the chain rule; nothing that derives
has a part in the verdict. The page's own line only serves to find out what went wrong.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property

from bpgen.check.claims import comment, latex, layers, page, spelling, text
from bpgen.check.claims.judge import Judge, Verdict
from bpgen.check.claims.names import Names, place
from bpgen.check.claims.paper import Paper
from bpgen.check.claims.program import Program
from bpgen.check.claims.reasons import Search
from bpgen.check.claims.report import Answer, Answers
from bpgen.check.claims.sides import Claim, claimed
from bpgen.check.claims.text import Line
from bpgen.check.claims.trees import names_in, replaced
from bpgen.check.claims.view import OF_MEAN, Reading
from bpgen.errors import NetError
from bpgen.ir import Network

__all__ = ["Answer", "Answers", "Court"]
_ONE_EACH = "claim one equality at a time"


@dataclass
class Court:
    """Answers claims of one network. `called` are the names of gradients, of which the page,
    `printed` when it is asked for, has lines that are true; the `printer` is told whether equal
    layers are to be told once.
    """

    network: Network
    called: Mapping[str, str]
    printer: Callable[[bool], str]
    seed: int = 0
    lost: frozenset[int] = frozenset()  # sizes that it has where it is not made smaller
    names: Names = field(init=False)
    judges: tuple[Judge, Judge] = field(init=False)

    def __post_init__(self) -> None:
        self.names = Names(self.network, self.called)
        numbers = Judge(self.network, self.seed, numbers=True)
        self.judges = Judge(self.network, self.seed), numbers

    def _spelled(self, claim: Claim, told: str) -> Callable[[ast.expr], str]:
        """How an expression is written in the notation of a claim."""
        if not told or claim.line is None:
            return ast.unparse
        return Paper(self.names, latex.printed_by(self.names), claim.line.base)

    @cached_property
    def printed(self) -> str:
        return self.printer(False)

    @cached_property
    def _true(self) -> dict[str, list[Line]]:
        return latex.true_lines(self.printed, self.names)

    @cached_property
    def _also(self) -> dict[str, str]:
        """Other names that count the layers."""
        paper = Paper(self.names, latex.printed_by(self.names))
        return layers.other_names(self.printer(True), self.names, paper.name)

    @cached_property
    def _reader(self) -> page.Reader:
        return page.Reader(self.printed, self.network, self.seed, self.names.also)

    def answers(self, claim: str) -> list[Answer]:
        """The answers to what is claimed by one line, or by each function of a file."""
        if claim.endswith(".py") and "=" not in claim:
            claims = Program.read(claim).claims(self.names, self.judges[0])
            return [self._answer(c) for c in claims]
        if (told := comment.words(claim, self.names)) is not None:
            return [self._answer(claimed(text.line(told, self.names, claim), self.names))]
        if spelling.is_words(claim, self.names):
            written = text.line(spelling.words(claim, self.names), self.names, claim)
            return [self._answer(claimed(written, self.names, of_paper=True))]
        if not latex.is_latex(claim):
            return [self._answer(claimed(text.line(claim, self.names), self.names))]
        rule = layers.rule(claim, self.names)
        return [self._of_layer(claim) if rule is None else self._of_layers(rule)]

    def _of_layer(self, claim: str) -> Answer:
        """The answer to a line of LaTeX, which may be one that a rule for layers says of one."""
        try:
            return self._of_paper(claim)
        except NetError:
            told = layers.in_numbers(claim, self.names)
            if told == claim and (self.names.also or not self._also):
                raise
        self.names.also |= self._also
        try:
            return replace(self._of_paper(told), text=claim)
        except NetError as error:
            raise NetError(error.fact, error.remedy, place(claim)) from None

    def _of_layers(self, rule: layers.Rule) -> Answer:
        """The answer to a claim of several layers. NetError where the network lacks one of those
        that it gives; of others, those are meant that there are.
        """
        self.names.also |= self._also
        answers: dict[int, Answer] = {}
        errors: list[NetError] = []
        for layer, claim in rule.each():
            told, said = self._readings(claim)[0]
            layers.refuse_other(rule, told)
            try:
                answers[layer] = self._read(claim, told).where(said)
            except NetError as error:
                if rule.given or self._is_there(claim, told):
                    fact = f"at {rule.letter} = {layer}, {error.fact}"
                    raise NetError(fact, error.remedy, place(rule.text)) from None
                errors.append(error)
        if not answers:
            first = errors[min(1, len(errors) - 1)]  # there is rarely a layer 0
            raise NetError(first.fact, first.remedy, place(rule.text))
        return layers.together(rule, answers)

    def _is_there(self, claim: str, told: str) -> bool:
        """Whether the network has all that a claim in LaTeX names."""
        with suppress(NetError):
            latex.parts_of(claim, told, self.names, bool(self.lost))
            return True
        return False

    def _readings(self, claim: str) -> list[tuple[str, str]]:
        return spelling.readings(claim, self.names, latex.printed_by(self.names))

    def _of_paper(self, claim: str) -> Answer:
        """The answer to a line of LaTeX, in a reading in which it is right if there is one."""
        answers: list[Answer] = []
        errors: list[NetError] = []
        for told, said in self._readings(claim):
            try:
                answers.append(self._read(claim, told).where(said))
            except NetError as error:
                errors.append(error)
        if not answers:
            raise errors[0]
        return next((a for a in answers if a.right), answers[0])

    def _read(self, claim: str, told: str) -> Answer:
        """The answer to a claim as it is `told` in the notation of the page."""
        parts = latex.parts_of(claim, told, self.names, bool(self.lost))
        try:
            lines = latex.lines(claim, parts, self.names)
        except latex.Untold as error:
            return self._by_page(claim, told, error)
        if self.judges[0].meet and not text.letters(lines[0], self.names):
            unread = NetError("it cannot be read", latex.FORM, place(claim))
            return self._by_page(claim, told, unread)
        found = self._counted(lines, told)
        if not found.right or len(parts) == 2:
            return found
        between = NetError("what stands between cannot be read", _ONE_EACH, place(claim))
        whole = self._by_page(claim, told, between)
        return found if whole.right else whole

    def _counted(self, lines: list[Line], told: str) -> Answer:
        """The answer where indices count from 0, or from 1 where it is right only so."""
        claims = [claimed(n, self.names, of_paper=True) for n in lines]
        if len(claims) == 2 and not self._judged(claims[0])[1].right:
            verdict = self._judged(claims[1])[1]
            if verdict.right:
                return Answer(claims[1].text, verdict).where(", where indices count from 1")
        return self._answer(claims[0], told)

    def _by_page(self, claim: str, told: str, error: NetError) -> Answer:
        """The answer of the page's reader, or the error where it cannot read the claim."""
        verdict = self._reader.verdict(told)
        if verdict.right:
            return Answer(claim, verdict)
        reason = page.reason(told, self._reader)
        if verdict.unfit and not reason:
            raise NetError(error.fact, error.remedy, error.place) from None
        said = verdict.said or page.NOT_THERE
        return Answer(claim, replace(verdict, unfit="", said=said), reason)

    def _answer(self, claim: Claim, told: str = "") -> Answer:
        """`told` is a claim in LaTeX as the page would write it."""
        judge, verdict = self._judged(claim)
        if verdict.unfit and told:
            read = self._reader.verdict(told)
            if read.right or (claim.of_samples and not read.unfit):
                return Answer(claim.text, read)
        if verdict.right:
            said = self._deltas(claim, judge, verdict.reading) + claim.in_itself
            return Answer(claim.text, verdict).where(said)
        self._refuse_lost(claim)
        classes = judge.classes(claim.of_batch, claim.of_paper)
        every = classes if verdict.unfit else ((verdict.reading,),)
        known = self._known(claim.name)
        spelled = self._spelled(claim, told)
        searches = [Search(judge, self.names, claim, known, r, spelled) for r in every]
        reason = next((r for s in searches if (r := s.reason())), "") or searches[0].term()
        sample = " of one sample" * (verdict.reading.batch and not judge.meet)
        truths = (t for s in searches for t in s.truths)
        lines = (f"true{sample} is {spelled(t.left)} = {spelled(t.right)}" for t in truths)
        true = next(lines, "")
        if verdict.unfit and not reason:
            meaning = self.names.meant(claim.name, claim.text)
            printed = f"bpgen derive prints what is true of {claim.name}"
            rows = f"it has a row for each entry of {meaning.of}, a column for each of"
            remedy = f"{rows} {meaning.tensor}" if meaning.matrix else printed
            raise NetError(verdict.unfit, true or remedy, place(claim.text))
        return Answer(claim.text, verdict, reason, true)

    def _deltas(self, claim: Claim, judge: Judge, reading: Reading) -> str:
        """Whose deltas are meant, where those of each sample's own loss would not do."""
        if not reading.batch or reading.each or self.network.sample_loss is None:
            return ""
        own = judge.verdict(claim.right, claim.left, replace(reading, each=True))
        return "" if own.right else OF_MEAN

    def _refuse_lost(self, claim: Claim) -> None:
        """A number that is a size may be right of the network as it is."""
        every = ast.walk(claim.line.right) if claim.line is not None else ()
        for number in (n.value for n in every if isinstance(n, ast.Constant)):
            if number in self.lost:
                fact = f"{number} is a size of the network, which is looked at at smaller sizes"
                raise NetError(fact, "ask for it: x.shape[0], len(x)", place(claim.text))

    def _known(self, name: str) -> tuple[Line, ...]:
        """The lines that the page has of a name; and those with its deltas written out."""
        own = self._true.get(name, [])
        lines = {n: t[0] for n, t in self._true.items() if n not in self.network.tensors}
        deltas = {n: t.right for n, t in lines.items() if isinstance(t.left, ast.Name)}
        told = (t for t in own if {*names_in(t.right)} & {*deltas})
        return (*own, *(Line(t.text, t.left, replaced(t.right, deltas)) for t in told))

    def _judged(self, claim: Claim) -> tuple[Judge, Verdict]:
        """The verdict by exact scalars, or by numbers where these do not do."""
        verdicts = []
        for judge in self.judges:
            classes = judge.classes(claim.of_batch, claim.of_paper)
            verdicts.append(judge.best(claim.right, claim.left, classes))
            if not verdicts[-1].unfit:
                return judge, verdicts[-1]
        return self.judges[0], verdicts[0]
