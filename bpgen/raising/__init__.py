"""Equations -> array program: products, views, scatters, loops and blocks seen in indices."""
