"""The loop of a Recursive Language Model: turns, cells, sub-calls, drafts, limits.

Knows the ports and the events; knows no provider, no kernel library and no screen.
"""
