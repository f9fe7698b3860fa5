"""The index of a store in kernels that may write nothing to it: each tier that this machine has."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from rlm_cli.corpus.indexing import make
from rlm_cli.corpus.opened import HostCorpus
from rlm_cli.kernel.adapter import IpyKernel, KernelLimits
from rlm_cli.kernel.sandbox.policy import Sandbox
from rlm_cli.kernel.sandbox.tiers import Tier
from tests.confinement import needs
from tests.unit.corpus.making import folder_of, opened
from tests.unit.inkernel.test_index import files_of
from tests.unit.kernel.kernels import Bench

ASKS = """hit = corpus.search("indemnification wiring losses", k=1)[0]
print(hit.path, corpus.library.index() is not None)
print(corpus.filter("c/*").search("支付违约金", k=1)[0].path)
import os
print([name for name in os.listdir(os.environ["TMPDIR"]) if name.startswith("index-")])
"""


@pytest.fixture
def indexed(tmp_path: Path) -> HostCorpus:
    pytest.importorskip("tantivy")
    host = opened(folder_of(tmp_path / "docs", files_of(random.Random(4))), tmp_path / "cache")
    make(host.mount, lambda _: None)
    return host


@pytest.mark.parametrize("tier", [Tier.A, Tier.B, Tier.OFF])
async def test_a_cell_searches_with_the_index(tier: Tier, indexed: HostCorpus) -> None:
    needs(tier)
    kernel = IpyKernel(indexed.mount, KernelLimits(), Sandbox((tier,)))
    bench = Bench(kernel, await kernel.start())
    try:
        shown = (await bench.run(ASKS)).shown
    finally:
        await kernel.close()

    assert shown == "a/english.txt True\nc/chinese.txt\n[]\n"
