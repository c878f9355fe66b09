"""Array program -> text, a printer for each target: a table with a row for each node."""
