"""Faces: what people and programs see of a run. Each is `(events, submit) -> exit code`.

A replay is the same call with the events of a file. Faces know views and events, and nothing of engines.
"""
