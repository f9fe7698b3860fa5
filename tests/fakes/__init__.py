"""Fakes of the ports: written by hand, no patching, the same behaviour as the real thing where it shows."""
