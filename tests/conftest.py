"""What holds for every test, wherever the suite is started from."""

from __future__ import annotations

import signal

# A shell that starts the suite in the background has SIGINT ignored, and every program started from there
# would inherit that: Ctrl-C is what several tests are about.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
