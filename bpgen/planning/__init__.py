"""Programs whose every statement is one call that writes into memory planned beforehand.

What runs, in this order; the folders import one way, from the last to the first:

    rewriting     from program to program: derivatives told in outputs (`outputs`, of equations),
                  cheap values computed again (`rematerialization`), the whole step as one function
                  (`fusion`), what is computed of windows, once a place (`windows`), and of what
                  loops add up in zeros, the first stored (`first_stores`)
    layout        in which order the axes of each array stand in memory
    lowering      statements as calls that write where they are told, products as those of matrices;
                  `helpers` does the same for the module's own scalar functions
    memory        in each function (`body`): statements whose arrays nothing reads go (`dead_code`),
                  arrays that live one after another share memory (`liveness`, `sharing`); in the
                  whole step: memory of the functions that it stands for (`donation`), views made
                  once (`named_views`)
    verification  that what is read is there: of each function before its arrays share memory, of
                  all (`functions`) afterwards
    microbatches  the step in blocks of the batch, where that pays

`nodes` is what such a program says, `views` what of it needs no memory of its own, `precision` what
it asks of parameters.
"""

from __future__ import annotations

from bpgen.planning.functions import planned
from bpgen.planning.rewriting.outputs import in_outputs

__all__ = ["in_outputs", "planned"]
