"""bpgen check."""
