"""What is measured, against whom; the figures are in RESULTS.md."""
