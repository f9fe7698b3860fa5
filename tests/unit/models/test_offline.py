"""The offline model: the cells it writes as root, and the sentences it picks as sub-model."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import pytest

from rlm_cli.base.errors import RequestRefused
from rlm_cli.events.values import Message
from rlm_cli.models.offline import OfflineModel
from rlm_cli.models.offline.extract import extract
from rlm_cli.models.offline.root import LABEL
from rlm_cli.ports import Request, Response
from tests.unit.models.kernel_stand_in import Kernel

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
SYSTEM = Message("system", "You answer a question about a corpus.")


async def said(messages: list[Message]) -> str:
    items = [item async for item in OfflineModel().stream(Request(messages=tuple(messages), purpose="root"))]
    assert isinstance(items[-1], Response)
    return items[-1].text


def opening(question: str, turns: int, calls: int = 1000) -> list[Message]:
    text = f"<question>\n{question}\n</question>\n\n<corpus>\n3 documents\n</corpus>\n\n"
    return [SYSTEM, Message("user", f"{text}Limits: {calls:,} sub-calls. Use llm_batch.\n\nTurn 1/{turns}")]


def code_of(reply: str) -> str:
    found = re.search(r"```repl\n(.*)\n```", reply, re.DOTALL)
    assert found is not None, reply
    return found[1]


async def answered(kernel: Kernel, question: str, turns: int = 20, calls: int = 1000) -> list[str]:
    """Plays the loop until the answer is ready; gives the replies."""
    messages, replies = opening(question, turns, calls), []
    for turn in range(1, turns + 1):
        replies.append(await said(messages))
        status, printed = kernel.run(code_of(replies[-1]))
        if kernel.is_ready:
            return replies
        report = f"Turn {turn + 1}/{turns}\n\nCell {turn}: {status} (0.1 s).\n<output>\n{printed}\n</output>"
        messages += [Message("assistant", replies[-1]), Message("user", report)]
    raise AssertionError(f"no answer after {turns} turns: {printed}")


def folded(text: str) -> str:
    return " ".join(text.split())


LEASES = {
    "lease.txt": "1. Rent. The tenant pays 900 euros.\n\n2. Repairs. The landlord shall repair the roof.\n",
    "annex.txt": "Repairs to the roof are made by the tenant, at its own expense.\n\nPets are allowed.\n",
    "house.md": "# House rules\n\nQuiet hours are from ten to six.\n\nBicycles stand in the yard.\n",
}


async def test_an_answer_is_quoted_cited_labelled_and_ready() -> None:
    kernel = Kernel(LEASES, extract)
    await answered(kernel, "Who repairs the roof?")
    assert kernel.answer.startswith(LABEL)
    assert "rlm help keys" in LABEL
    assert {path for path, _ in kernel.marks.values()} == {"lease.txt", "annex.txt"}
    for mark, (path, quote) in kernel.marks.items():
        assert folded(quote) in folded(LEASES[path])
        assert f'"{quote}" {mark}' in kernel.answer


async def test_a_question_about_conflicts_puts_what_disagrees_side_by_side() -> None:
    kernel = Kernel(LEASES, extract)
    await answered(kernel, "Find contradictions about repairs")
    compared = kernel.answer.partition("## The most relevant")[0]
    assert "landlord shall repair the roof" in compared
    assert "made by the tenant" in compared


@pytest.mark.parametrize("turns", [1, 2, 3, 4, 5, 6, 7])
async def test_however_few_turns_there_are_the_last_one_has_the_answer(turns: int) -> None:
    kernel = Kernel(LEASES, extract)
    replies = await answered(kernel, "Who repairs the roof?", turns=turns)
    assert len(replies) == min(turns, 6)
    assert "landlord shall repair" in kernel.answer


async def test_no_more_sub_calls_are_asked_for_than_the_limit_allows() -> None:
    kernel = Kernel({f"{n}.txt": f"The roof of house {n} leaks.\n" for n in range(30)}, extract)
    await answered(kernel, "Which roof leaks?", calls=7)
    assert kernel.asked == 7


async def test_when_every_sub_call_fails_the_answer_still_quotes_what_was_found() -> None:
    kernel = Kernel(LEASES, extract, fails=10_000)
    await answered(kernel, "Who repairs the roof?")
    assert "landlord shall repair the roof" in kernel.answer
    assert kernel.marks


async def test_nothing_found_is_said_with_what_was_searched() -> None:
    kernel = Kernel(LEASES, extract)
    await answered(kernel, "zebra migration")
    assert "Nothing was found for: zebra migration" in kernel.answer
    assert "3 documents for: zebra, migration" in kernel.answer
    assert kernel.marks == {}


async def test_a_cell_that_fails_is_followed_by_a_plainer_way() -> None:
    kernel = Kernel(LEASES, extract)
    del kernel.names["llm_batch"]
    replies = await answered(kernel, "Who repairs the roof?")
    assert "I take the plain way" in replies[-2] + replies[-1]
    assert "landlord shall repair the roof" in kernel.answer


async def test_when_nothing_works_the_answer_says_so_and_the_run_ends() -> None:
    kernel = Kernel(LEASES, extract)
    del kernel.names["corpus"]
    await answered(kernel, "Who repairs the roof?")
    assert "The search failed" in kernel.answer


CASES = [
    ("What did the dog do?", {"a.txt": "The cat sat.\nThe dog barked.\nNothing.\n"}, "The dog barked."),
    (
        "Wie ist die Haftung begrenzt?",
        {
            "v.txt": "§ 1 Ware. Die Ware wird geliefert.\n\n"
            "§ 7 Im Übrigen ist sie begrenzt: 50.000 EUR Haftung.\n"
        },
        "50.000 EUR Haftung",
    ),
    (
        "損害を賠償するのは誰か",
        {"j.txt": "第一条　本契約は売買。\n第二条　売主は買主に損害を賠償する。\n"},
        "売主は買主に損害を賠償する",
    ),
    (
        "which users live in Riga?",
        {
            "u.csv": "id,name,city\n"
            + "".join(f"{n},user{n},{'Oslo' if n % 9 else 'Riga'}\n" for n in range(99))
        },
        "9,user9,Riga",
    ),
    (
        "why did the database crash?",
        {
            "app.log": "".join(f"2026-11-01 10:00:{n % 60:02} INFO request {n} done\n" for n in range(500))
            + "2026-11-01 11:00:00 FATAL service=db heap exhausted\n"
        },
        "FATAL service=db heap exhausted",
    ),
]


@pytest.mark.parametrize(("question", "texts", "expected"), CASES)
async def test_small_corpora_of_every_sort_are_answered(
    question: str, texts: dict[str, str], expected: str
) -> None:
    kernel = Kernel(texts, extract)
    await answered(kernel, question)
    assert expected in kernel.answer


@pytest.mark.parametrize(
    "question", ["???", "", "the of and", 'say "it" isn\'t {so} \\ [x] </question>', "(" * 40]
)
async def test_a_strange_question_is_still_answered(question: str) -> None:
    kernel = Kernel(LEASES, extract)
    await answered(kernel, question)
    assert kernel.answer.startswith(LABEL)


async def test_clauses_that_do_not_use_the_words_of_the_question_are_found() -> None:
    gold = json.loads((EXAMPLES / "contracts_gold.json").read_text(encoding="utf-8"))
    texts = {
        path.name: path.read_text(encoding="utf-8")
        for path in sorted((EXAMPLES / "contracts").iterdir())
        if path.suffix in (".md", ".txt")
    }
    kernel = Kernel(texts, extract)
    await answered(kernel, gold["question"])
    quoted = [(path, folded(quote)) for path, quote in kernel.marks.values()]
    hidden = {
        (place["file"], folded(place["quote"]))
        for item in gold["items"]
        if not item["uses_the_words"]
        for place in item["places"][:2]
        if place["file"] in texts
        and "Parties” means" not in place["quote"]
        and 'Parties" means' not in place["quote"]
    }
    assert len(hidden) >= 5
    missed = [
        want
        for want in hidden
        if not any(want[0] == at and (want[1] in q or q in want[1]) for at, q in quoted)
    ]
    assert missed == []


async def test_the_same_messages_give_the_same_reply() -> None:
    messages = opening("Who repairs the roof?", 20)
    assert await said(messages) == await said(list(messages))


async def test_every_cell_is_python_that_parses() -> None:
    messages = opening("Who repairs the roof? Say 'why'.", 1)
    code = code_of(await said(messages))
    assert ast.parse(code)
    assert max(map(len, code.splitlines())) <= 400


async def test_a_second_question_in_the_same_conversation_starts_again() -> None:
    first = opening("Who repairs the roof?", 20)
    messages = [*first, Message("assistant", await said(first)), *opening("Are pets allowed?", 20)[1:]]
    assert await said(messages) == await said(opening("Are pets allowed?", 20))


async def test_a_schema_is_refused_because_it_takes_a_language_model() -> None:
    request = Request(messages=(Message("user", "x"),), schema={"type": "object"})
    with pytest.raises(RequestRefused, match="schema"):
        async for _ in OfflineModel().stream(request):
            pass


def test_the_sub_model_quotes_word_for_word_and_joins_what_follows_on() -> None:
    passage = (
        "[a.pdf p.4]\nThe Buyer pays.\nThe Seller shall reimburse the Buyer for late\n"
        "delivery. This obligation has no limit."
    )
    assert extract("Who reimburses the Buyer for delay?", passage) == (
        "- The Seller shall reimburse the Buyer for late delivery. This obligation has no limit."
    )


def test_the_sub_model_says_none_when_no_sentence_bears_on_the_question() -> None:
    assert extract("Who indemnifies whom?", "[a.txt]\nThe sky is blue. Grass is green.") == "NONE"
    assert extract("Who indemnifies whom?", "") == "NONE"
