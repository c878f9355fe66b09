"""What a module that computes by C may hold: numpy's, what compiles it and what calls it."""

from __future__ import annotations

from dataclasses import replace

from bpgen.targets.numpy.allowed import NUMPY, words

_IMPORTS = {
    *("import ctypes", "import hashlib", "import os", "import shutil", "import subprocess"),
    *("import math", "import sys", "import threading"),
    *("from functools import partial", "from typing import Any, NamedTuple"),
}

ALLOWED = replace(
    NUMPY,
    imports=NUMPY.imports | _IMPORTS,
    libraries={
        "np": NUMPY.libraries["np"] | words("ascontiguousarray float32 intc"),
        "ctypes": words(
            "CDLL addressof byref c_char c_double c_float c_size_t c_ulong c_void_p from_buffer"
        ),
        "hashlib": words("sha256"),
        "math": words("prod"),
        "os": words("dirname environ exists expanduser get getpid join makedirs path replace"),
        "shutil": words("which"),
        "subprocess": words("run"),
        "sys": words("argv"),
        "threading": words("get_ident"),
    },
    methods=NUMPY.methods
    | words(
        "bit_length c_contiguous calls carray ctypes data data_as decode encode flags hexdigest"
        " in_dll itemsize nbytes place places real restype returncode split stderr upper"
        " value writeable"
    ),
    # `_Net` holds the library, and `call` is one of its functions with what it is given.
    builtins=NUMPY.builtins | words("Any NamedTuple RuntimeError _Net call map partial"),
    made_and_given=words("bound"),  # which nothing in the module calls
    nodes=NUMPY.nodes | words("ClassDef ExceptHandler ImportFrom IsNot LShift Try"),
)
