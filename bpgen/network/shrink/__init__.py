"""The same network at small sizes, for the exact proof: the algebra of a layer does not depend on
its width.

Every axis, and every index of an equation, is a width. What an access says of them, such as that
x[p + u] leaves none of x over, or that y[9*o + 3*p + q] is a reshape, must hold of the small widths
too; the rest is free.
"""

from __future__ import annotations

from bpgen.ir import Network
from bpgen.network.shrink.widths import Widths
from bpgen.network.shrink.writing import Small


def shrunk(network: Network) -> Network:
    """The network with its widths above 3 replaced by smaller ones, 2 or 3 where no access says
    otherwise.

    The 1/K of a mean over K becomes that of the small K. Other numbers stay as they are, even where
    they came from a width: they are constants of the small network, which is a network of its own
    and is proved as one.
    """
    widths = Widths(network)
    small = widths.small()
    if small == widths.sizes:
        return network
    return Small(network, widths, small).network()
