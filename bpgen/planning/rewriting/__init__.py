"""Passes from program to program, before its statements are calls."""
