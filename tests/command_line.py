"""The command line, called within the tests."""

from __future__ import annotations

from click.testing import CliRunner, Result

from bpgen.cli import main

NET = '"""A product."""\nfrom bpgen import *\nx = input(3)\nw = param(3)\na = w * x\noutput(a)\n'


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments, prog_name="bpgen")
