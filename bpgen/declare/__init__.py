"""The words of a net.py: tensors, layers, activations and losses, each told by its equations."""
