"""The long proofs: of every network of the corpus, its module and its pages, as `bpgen check` does and
more.

What is proved is a text, and so is the checker: `record.json` holds a line for each proof, with the hash of
both and the figures. A test makes the texts anew, and proves again only what no line of the record holds for.
`python -m tests.proofs` proves what is missing there and writes it down.
"""
