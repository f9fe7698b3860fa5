"""Every event and every command of a run, and how they are written down.

Events come up, commands go down. Both are inert values: no live object, no drawing, no clock, no I/O.
"""

from rlm_cli.events.bodies import BODY_TYPES, Body, Unknown
from rlm_cli.events.codec import decode_body, encode_body, kind_of
from rlm_cli.events.envelope import Event, child_span, depth_of, parent_span, run_span

__all__ = [
    "BODY_TYPES",
    "Body",
    "Event",
    "Unknown",
    "child_span",
    "decode_body",
    "depth_of",
    "encode_body",
    "kind_of",
    "parent_span",
    "run_span",
]
