"""Formulas as bpgen prints them, read into a tree."""

from __future__ import annotations

from bpgen.check.page.grammar.formulas import Parser

__all__ = ["Parser"]
