"""Formulas as trees of elementary calls, in the order in which they are computed: bodies of
equations, and the module's own functions as the function table spells them. Whoever computes call
by call, or has no numpy, goes by these.
"""
