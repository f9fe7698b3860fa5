"""Real servers on loopback, played by a script."""
