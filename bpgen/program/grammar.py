"""The array program: what a module computes, as frozen data between the equations and its text.

Expressions are arrays whose axes bear indices; statements name, write and hand them out. What makes
a program, goes over it or prints it takes its nodes from here.
"""

from __future__ import annotations

from bpgen.program.arrays import *
from bpgen.program.expressions import *
from bpgen.program.nodes import Node as Node
from bpgen.program.statements import *
