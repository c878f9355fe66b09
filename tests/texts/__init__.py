"""What is emitted, frozen: the hash of the text of every module of the corpus, and of 500 random
networks whose net.py's lie in `random.txt`.

A text changes only where the new one is better: `python -m tests.texts` says of which networks it
is another, and with `--write` writes the new hashes down.
"""
