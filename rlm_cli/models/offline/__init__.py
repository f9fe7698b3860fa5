"""The embedded default: no language model, but the same loop, kernel, calls and session file.

As root model it writes cells that search, hand passages to sub-calls, draft, check and finish; as
sub-model it picks the sentences of a passage that bear on a question, word for word. Both are pure
functions of the messages that they get.
"""

from rlm_cli.models.offline.model import OfflineModel

__all__ = ["OfflineModel"]
