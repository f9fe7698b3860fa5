"""A session handed on: as a page, a notebook, a text, a recording of a terminal. No secret leaves with it."""
