"""What anyone ever sees of a run, as pure folds over its events. No clock, no file, no screen."""
