"""Makes examples/contracts and its gold answer: facts first, text second, files last.

`python -m examples.generate` from the repository root writes everything again, byte for byte.
Facts (`facts`, `clauses`, `planted`) know nothing of prose; prose knows nothing of file formats;
writers know blocks alone.
"""
