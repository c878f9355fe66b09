"""Statements and values as calls of numpy, each of which writes where it is told."""
