"""`rlm doctor`."""

from rlm_cli.cli.commands import new_app

app = new_app()


@app.command()
def doctor() -> int:
    """x"""
    return 0
