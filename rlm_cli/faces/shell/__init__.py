"""The shell's half of a screen: reads lines from a person, with prompt-toolkit, and shows what was asked for.

Imported only by the one command that needs it. Knows lines and words; what they do is decided elsewhere.
"""
