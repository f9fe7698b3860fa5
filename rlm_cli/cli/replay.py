"""`rlm replay`."""
from rlm_cli.cli.commands import new_app
app = new_app()
@app.command()
def replay() -> int:
    """x"""
    return 0
