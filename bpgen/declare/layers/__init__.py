"""Level one: layers. A layer returns tensors defined by forward equations, and nothing more: what
it passes back follows from them. Parameters have PyTorch's shapes.
"""
