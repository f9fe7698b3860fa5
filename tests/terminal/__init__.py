"""The live view on real pseudo-terminals, read back by a terminal emulator."""
