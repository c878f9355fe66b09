"""What the three commands do, each in a file; `bpgen.cli` says which options they have."""
