"""Every planted clause by its name.

Owns the index alone.
"""

from __future__ import annotations

from .clauses_master import IN_MASTER
from .clauses_priors import IN_PRIORS
from .facts import Clause

CLAUSES: dict[str, Clause] = {clause.id: clause for clause in (*IN_MASTER, *IN_PRIORS)}
