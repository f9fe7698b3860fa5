"""The commands of `rlm`: one file each. Heavy imports stand inside the command that needs them."""
