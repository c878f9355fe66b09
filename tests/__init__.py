"""The tests. What they draw does not depend on the numbers that stand in bpgen's code: hypothesis
would look for them in all of its files, and again whenever one more is imported.
"""

from hypothesis.internal.conjecture import providers

if hasattr(providers, "_get_local_constants"):  # in the versions that do so
    providers._get_local_constants = lambda: providers._local_constants
