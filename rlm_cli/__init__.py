"""rlm: questions about local folders, answered by a Recursive Language Model."""

__version__ = "0.1.0"
