r"""Printed mathematics as a tree, and what is measured by it."""

from __future__ import annotations

import pytest

from bpgen.render.atoms import Line, read, within
from bpgen.render.breaks import broken
from bpgen.render.widths import grows, is_high, is_large, measured
from tests.few import one_in
from tests.render.nets import QUICK, printed


def _shape(line: Line) -> list[object]:
    """Names, with what is in them and beside them."""
    return [
        (
            a.name,
            *map(_shape, a.parts),
            *(("^", _shape(s)) for s in a.scripts),
            *[a.closes][: bool(a.closes)],
        )
        if a.parts or a.scripts
        else a.name
        for a in line
    ]


@pytest.mark.parametrize(
    ("math", "shape"),
    [
        (r"z^{[1]}_{ij}", [("z", ("^", [("[", ["1"], "]")]), ("^", ["i", "j"]))]),
        (r"\frac{a}{b + c} x", [(r"\frac", ["a"], ["b", "+", "c"]), "x"]),
        (r"\left(a\right)^{2}", [(r"\left(", ["a"], ("^", ["2"]), r"\right)")]),
        (r"(a, b", [("(", ["a", ",", "b"])]),
        (r"a) b]", ["a", ")", "b", "]"]),
        (r"\text{if } \mathrm{a\_b}", [r"\text{if }", r"\mathrm{a\_b}"]),
        (
            r"\begin{cases}1 & [0, 1) \\ 0 & x\end{cases}",
            [(r"\begin{cases}", ["1", "&", ("[", ["0", ",", "1"], ")"), r"\\", "0", "&", "x"])],
        ),
        (r"\{0, \dots, 12\}", [(r"\{", ["0", ",", r"\dots", ",", "12"], r"\}")]),
        ("{a)} b", [("{", ["a", ")"], "}"), "b"]),
        (r"\sqrt", [r"\sqrt"]),
        (
            "Σ[j] a^[1][c,2p+r]",
            [
                "Σ",
                ("[", ["j"], "]"),
                ("a", ("^", [("[", ["1"], "]")])),
                ("[", ["c", ",", "2", "p", "+", "r"], "]"),
            ],
        ),
    ],
)
def test_what_is_written_is_a_tree(math: str, shape: list[object]) -> None:
    assert _shape(read(math)) == shape


@pytest.mark.parametrize("name", one_in(3, QUICK))
def test_every_atom_knows_where_it_stands(name: str) -> None:
    for line in printed(name, fmt="latex").splitlines():
        atoms = read(line)
        assert [a.start for a in atoms] == sorted(a.start for a in atoms)
        for atom in within(atoms):
            assert line.startswith(atom.name.partition("{")[0], atom.start)


# As pdfTeX sets them in a display of an article, in points.
_SET = {
    r"z^{[1]} = W^{[1]} x + b^{[1]}": 78.5,
    r"\frac{\partial \ell}{\partial W^{[2]}} = \delta^{[2]} a^{[1]\top}": 75.8,
    r"\delta^{[1]} = (W^{[2]\top} \delta^{[2]}) \odot \sigma'(z^{[1]})": 117.9,
    r"\sum_{i} \exp(z_{i})": 47.1,
    r"\textstyle \sum_{i} \exp(z_{i})": 46.6,
    r"\left(\textstyle \sum_{n} x_{n}\right) \sum_{n} x_{n}": 65.5,
    r"\tfrac{1}{\sqrt{v + 10^{-5}}} \, (z - m)": 72.2,
    r"\begin{cases}1 & \text{if } z_{i} > 0 \\ 0 & \text{otherwise}\end{cases}": 65.5,
    r"\mathbf{1}[i = y] \, \frac{1}{p_{y}}": 47.3,
    r"\operatorname{softmax}(z)_{i} = \frac{\exp(z_{i})}{\sum_{j} \exp(z_{j})}": 114.8,
    r"\max_{r,v<2} h^{[1]}_{c,2p+r,2q+v}": 72.6,
    r"\lVert a - y \rVert^{2} \approx (0.25, -1.5)": 101.1,
}


@pytest.mark.parametrize("math", _SET)
def test_a_formula_is_about_as_wide_as_tex_sets_it(math: str) -> None:
    assert 0.98 * _SET[math] <= measured(math) <= 1.09 * _SET[math]


def test_what_is_high_and_what_is_large() -> None:
    high = {r"\frac{a}{b}": True, r"\tfrac{a}{b}": False, r"\sum_{i} a_{i}": True}
    high |= {r"\textstyle \sum_{i} a_{i}": False, r"(\textstyle a) \sum_{i} b_{i}": False}
    high |= {r"\left(\textstyle a\right) \sum_{i} b_{i}": True, r"x^{\frac{a}{b}}": False}
    high |= {
        r"\begin{cases}1 & a \\ 0 & b\end{cases}": True,
        r"\begin{smallmatrix}1\end{smallmatrix}": False,
    }
    assert {m: is_high(m) for m in high} == high
    assert (
        grows(r"a + \textstyle \sum_{i} b_{i}")
        and grows(r"\frac{a}{b}")
        and not grows(r"\tfrac{a}{b}")
    )
    assert [
        is_large(t) for t in (r"\log p", "Σ[i] a", "∂ℓ/∂z", r"\tfrac{a}{b}", r"\exp(z)", "a · b")
    ] == [
        *[True] * 4,
        False,
        False,
    ]


def test_a_line_ends_at_sums_before_products_and_outside_before_inside() -> None:
    part = r"a + b \odot (c - \frac{d + e}{f}) \odot \left(g + h\right)"
    assert broken(part, measured(part) - 1, measured) == [
        "a",
        r"+ b \odot (c - \frac{d + e}{f}) \odot \left(g + h\right)",
    ]
    assert broken(part, 100, measured)[1:] == [
        "+ b",
        r"\odot (c - \frac{d + e}{f})",
        r"\odot \left(g + h\right)",
    ]
    assert broken("a·b - [c - d] - (e − f)", 5, len) == ["a·b", "- [c - d]", "- (e", "− f)"]
    assert broken("-a -b", 2, len) == ["-a -b"]  # signs of what follows
