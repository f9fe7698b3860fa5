"""The Kernel port over a real ipykernel: start it, run cells, serve their calls, interrupt, restart, end.

It owns processes, descriptors and clocks of cells. It must never know a model, a price or a face.
"""
