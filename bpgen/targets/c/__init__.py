"""The module as C: a header and a source."""
