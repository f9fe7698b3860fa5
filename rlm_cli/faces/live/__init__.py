"""The live face: lines that stay, and below them a small moving part, on a terminal. Never in a pipe."""
