"""`python -m bpgen` is the `bpgen` command."""

from bpgen.cli import main

if __name__ == "__main__":
    main(prog_name="bpgen")
