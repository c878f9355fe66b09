"""Formulas and comments as documents of words, operators and groups, which a layout breaks."""
