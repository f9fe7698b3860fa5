"""What everyone may use: errors, identifiers, text. Knows nothing of runs, models or screens."""
