"""The array program between the equations and the text: its grammar, and what checks it."""
