"""The module by the array API standard: for arrays of numpy, torch, jax and others as they are."""
