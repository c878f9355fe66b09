"""What is emitted, frozen: the hash of the text of every module of the corpus, and of 500 random
networks whose net.py's lie in `random.txt`; planned, and of a part of them by the other targets.

A text changes only where the new one is better: `python -m tests.texts` says which are others, and
with `--write` writes the new hashes down.
"""
