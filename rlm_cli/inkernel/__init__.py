"""What runs inside the kernel: standard library only, and nothing else of ours imports it.

It owns the names that a cell finds (`corpus`, `llm_query`, `answer` …), their docstrings, the bounds on
output, and the kernel's end of the socketpair. It must never know a provider, a key, a price or a screen.
"""
