"""Planned programs verified, by what knows nothing of how they were planned."""
