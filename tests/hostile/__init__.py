"""Hostile cells, run in real kernels of each tier: none may get what it wants."""
