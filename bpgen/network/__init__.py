"""A declaration -> the equations of a network: what is used, inlined, named, and batched."""
