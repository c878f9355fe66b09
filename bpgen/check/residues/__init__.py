"""Exact arithmetic by residues: what is equal modulo a large prime, at random, is equal."""
