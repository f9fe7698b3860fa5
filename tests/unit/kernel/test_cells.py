"""What cells can do, and what they see, in a real kernel."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import psutil
import pytest
import pytest_asyncio

from rlm_cli.ports import CallReply, KernelCall, LlmCall, RlmCall
from tests.fakes.host import RecordingHost, never
from tests.unit.kernel.kernels import Bench, real_kernel

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def bench() -> AsyncIterator[Bench]:
    async with real_kernel() as bench:
        yield bench


# --- output ------------------------------------------------------------------------------------------


async def test_output_of_subprocesses_stands_where_it_was_written(bench: Bench) -> None:
    code = "import subprocess\nprint('a')\nsubprocess.run(['echo', 'b'])\nprint('c')\n!echo d\nprint('e')"
    assert (await bench.shown(code)) == "a\nb\nc\nd\ne\n"


async def test_a_bash_cell_works_and_its_failure_is_an_error(bench: Bench) -> None:
    good = await bench.run("%%bash\necho from bash")
    bad = await bench.run("%%bash\nexit 3")
    assert (good.status, good.shown) == ("ok", "from bash\n")
    assert bad.status == "error"


async def test_output_of_threads_and_forked_processes_is_not_lost(bench: Bench) -> None:
    code = (
        "import threading, os\n"
        "t = threading.Thread(target=print, args=('from a thread',)); t.start(); t.join()\n"
        "if os.fork() == 0:\n"
        "    print('from a child')\n"
        "    os._exit(0)\n"
        "_ = os.wait()"
    )
    assert (await bench.shown(code)) == "from a thread\nfrom a child\n"


async def test_a_forked_child_cannot_call(bench: Bench) -> None:
    code = (
        "import os\n"
        "if os.fork() == 0:\n"
        "    try:\n        llm_query('x')\n"
        "    except RuntimeError as error:\n        print('refused:', error)\n"
        "    os._exit(0)\n"
        "_ = os.wait()"
    )
    host = RecordingHost()
    assert (await bench.shown(code, host)).startswith("refused: calls work in the kernel's own process only")
    assert host.calls == []


async def test_long_output_is_shown_by_head_and_tail_with_its_true_size_and_kept_whole(bench: Bench) -> None:
    bench.kernel.remember({"turn": 1, "reply": "", "code": "", "status": "ok"})
    cell = bench.cell("for n in range(20_000):\n    print('line', n)")
    bench.kernel.remember({"turn": 2, "reply": "look", "cell": cell.number})
    result = await bench.kernel.run(cell, RecordingHost())
    whole = "".join(f"line {n}\n" for n in range(20_000))
    assert len(result.shown) <= 16 * 1024
    assert result.shown.startswith("line 0\nline 1\n")
    assert result.shown.endswith("line 19998\nline 19999\n")
    assert f"of {len(whole):,} characters omitted" in result.shown
    kept = await bench.shown(
        "turn = history[-1]\n"
        f"print(len(turn.output) == {len(whole)}, turn.output[-6:-1], turn.turn, turn.reply)\n"
        "print(turn.code.splitlines()[0], turn.status)"
    )
    assert kept == "True 19999 2 look\nfor n in range(20_000): ok\n"


async def test_a_flood_of_output_does_not_grow_the_parent(bench: Bench) -> None:
    host = RecordingHost()
    before = psutil.Process().memory_info().rss
    result = await bench.run("print('x' * 100_000_000)\nprint('the end')", host)
    grown = psutil.Process().memory_info().rss - before
    assert result.shown.endswith("x\nthe end\n")
    assert "100,000,009 characters" in result.shown
    assert sum(len(text) for _, text in host.pieces) <= 64 * 1024
    assert grown < 64 * 1024 * 1024


async def test_a_huge_last_value_is_shown_cut_with_its_size(bench: Bench) -> None:
    text = await bench.shown("'x' * 50_000_000")
    rows = await bench.shown("[[n] * 3 for n in range(1_000_000)]")
    assert "… (50,000,000 characters)" in text
    assert "more, 1,000,000 in all]" in rows
    assert len(text) <= 16 * 1024 + 100


async def test_output_comes_before_the_failure_that_ends_the_cell(bench: Bench) -> None:
    result = await bench.run(
        "print('seen')\nimport sys\nsys.stderr.write('warned\\n')\nraise ValueError('why')"
    )
    assert result.shown == "seen\nwarned\nline 4: raise ValueError('why')\nValueError: why\n"


async def test_progress_bars_are_shown_as_they_ended(bench: Bench) -> None:
    code = "import sys\nfor n in range(100):\n    sys.stderr.write(f'\\r{n}%')\nprint('\\ndone')"
    assert (await bench.shown(code)) == "99%\ndone\n"


async def test_pieces_reach_the_host_while_the_cell_runs(bench: Bench) -> None:
    host = RecordingHost(never)
    running = asyncio.create_task(bench.run("print('early')\nllm_query('x')", host))
    await host.heard.wait()
    assert host.pieces == [("stdout", "early\n")]
    bench.kernel.interrupt()
    await running


async def test_display_help_and_question_marks_are_output(bench: Bench) -> None:
    assert "shown" in await bench.shown("from IPython.display import display\ndisplay('shown')")
    assert "Ask a sub-model" in await bench.shown("help(llm_query)")
    assert "Ask many at once" in await bench.shown("llm_batch?")
    assert "Your answer" in await bench.shown("help(answer)")


# --- failures ----------------------------------------------------------------------------------------


async def test_a_misspelt_name_is_told_with_the_names_that_are_near(bench: Bench) -> None:
    result = await bench.run("contracts = 1\nprint(contracs)")
    assert result.shown == (
        "line 2: print(contracs)\nNameError: name 'contracs' is not defined\nNear names: contracts\n"
    )
    assert result.problem is not None
    assert result.problem.line == 2


async def test_a_missing_key_is_told_with_the_keys_that_are_near(bench: Bench) -> None:
    result = await bench.run("if True:\n    prices = {'alpha': 1, 'beta': 2}\n    print(1, prices['alpa'])")
    assert result.shown == "line 3: print(1, prices['alpa'])\nKeyError: 'alpa'\nNear names: 'alpha'\n"


async def test_a_failure_in_a_function_of_an_earlier_cell_names_both_places(bench: Bench) -> None:
    first = bench.cell("import json\n\ndef parse(text):\n    return json.loads(text)")
    await bench.kernel.run(first, RecordingHost())
    result = await bench.run("x = 1\nparse('{')")
    assert result.shown.splitlines()[:2] == [
        "line 2: parse('{')",
        f"cell {first.number}, line 4 in parse: return json.loads(text)",
    ]
    assert "inside json/decoder.py" in result.shown
    assert result.shown.count("\n") == 4


async def test_a_syntax_error_points_at_its_place(bench: Bench) -> None:
    result = await bench.run("x = 1\ny = (1,\nz = 2 3")
    assert result.problem is not None
    assert result.problem.kind == "SyntaxError"
    assert "^" in result.shown
    assert result.shown.startswith("line 2: y = (1,\n")


async def test_leaving_python_is_an_error_and_the_kernel_lives(bench: Bench) -> None:
    for code in ("exit()", "quit()", "import sys; sys.exit(1)", "raise SystemExit"):
        result = await bench.run(code)
        assert result.status == "error"
        assert "A cell cannot end the kernel" in result.shown
    assert (await bench.shown("'alive'")) == "'alive'\n"


async def test_asking_for_input_is_an_error_with_a_hint(bench: Bench) -> None:
    result = await bench.run("input('name? ')")
    assert result.status == "error"
    assert "nobody to ask" in result.shown
    assert (await bench.shown("import sys; sys.stdin.read()")) == "''\n"


async def test_an_exception_with_a_message_of_megabytes_stays_small(bench: Bench) -> None:
    result = await bench.run("raise ValueError('x' * 5_000_000)")
    assert result.status == "error"
    assert len(result.shown) < 3_000
    assert "(5,000,000 characters)" in result.shown


# --- calls -------------------------------------------------------------------------------------------


async def test_calls_work_from_threads_of_the_cell(bench: Bench) -> None:
    code = (
        "from concurrent.futures import ThreadPoolExecutor\n"
        "with ThreadPoolExecutor(8) as pool:\n"
        "    print(sorted(pool.map(llm_query, 'abc')))"
    )
    assert (await bench.shown(code)) == "['re: a', 're: b', 're: c']\n"


async def test_one_prompt_is_put_to_many_contexts_and_one_context_to_many_prompts(bench: Bench) -> None:
    host = RecordingHost()
    await bench.run("llm_batch('q', ['a', 'b'])\nllm_batch(['p', 'r'], 'c')\nllm_batch([('s', 'd')])", host)
    assert [(call.prompt, call.context) for call in host.calls if isinstance(call, LlmCall)] == [
        ("q", "a"),
        ("q", "b"),
        ("p", "c"),
        ("r", "c"),
        ("s", "d"),
    ]
    assert [call.batch for call in host.calls if isinstance(call, LlmCall)] == [1, 1, 2, 2, 3]


async def test_a_schema_gives_data_and_a_model_is_an_alias(bench: Bench) -> None:
    async def valued(call: KernelCall) -> CallReply:
        assert isinstance(call, LlmCall)
        assert (call.schema, call.model) == ({"type": "object"}, "small")
        return CallReply(text='{"n": 3}', data={"n": 3}, recorded=True)

    code = "r = llm_query('q', schema={'type': 'object'}, model='small')\nprint(r.data['n'], r.cached, r.ok)"
    assert (await bench.shown(code, RecordingHost(valued))) == "3 True True\n"


async def test_arguments_that_are_no_prompts_are_refused_before_anything_is_sent(bench: Bench) -> None:
    host = RecordingHost()
    for code in ("llm_query(3)", "llm_batch(['a', None])", "llm_query('a', schema='x')", "llm_batch('q', 3)"):
        assert (await bench.run(code, host)).status == "error"
    assert (await bench.run("llm_batch(['a', 'b'], ['c'])", host)).status == "error"
    assert host.calls == []


async def test_a_prompt_that_no_frame_holds_is_a_failed_reply(bench: Bench) -> None:
    host = RecordingHost()
    shown = await bench.shown(
        "r = llm_batch(['x' * (17 << 20), 'small'])\nprint(r[0].error.kind, r[1])", host
    )
    assert shown.startswith("too_large re: small\n")
    assert "1 of 2 sub-calls failed: 1 too_large" in shown
    assert len(host.calls) == 1


async def test_a_child_run_is_asked_over_texts_of_the_cell(bench: Bench) -> None:
    host = RecordingHost()
    shown = await bench.shown("print(rlm_query('why?', {'a': 'text'}), rlm_batch(['x', 'y'])[1])", host)
    assert shown == "re: why? re: y\n"
    assert isinstance(host.calls[0], RlmCall)
    assert host.calls[0].texts == {"a": "text"}


async def test_text_that_is_no_unicode_reaches_the_host_replaced(bench: Bench) -> None:
    host = RecordingHost()
    assert (await bench.run("llm_query('a\\ud800b')\nanswer['content'] = 'c\\udfffd'", host)).status == "ok"
    assert [call.prompt for call in host.calls if isinstance(call, LlmCall)] == ["a?b"]
    assert host.drafts[-1][0] == "c?d"


async def test_waiting_does_not_count_as_computing(bench: Bench) -> None:
    async def slow(call: KernelCall) -> CallReply:
        await asyncio.sleep(0.4)
        return CallReply(text="late")

    result = await bench.run("llm_query('x')", RecordingHost(slow), compute_seconds=0.3)
    assert result.status == "ok"
    assert result.waited_seconds >= 0.4
    assert result.seconds < 0.3


async def test_at_the_limit_of_waiting_what_has_arrived_is_kept(bench: Bench) -> None:
    async def first_only(call: KernelCall) -> CallReply:
        assert isinstance(call, LlmCall)
        return CallReply(text="here") if call.index == 0 else await never(call)

    host = RecordingHost(first_only)
    result = await bench.run(
        "r = llm_batch(['a', 'b'])\nprint(r[0], r[1].error.kind)\nprint(llm_query('c').error.kind)",
        host,
        waiting_seconds=0.2,
    )
    assert result.status == "ok"
    assert result.shown.startswith("here timeout\ntimeout\n")
    assert len(host.cancelled) == 1


async def test_a_cell_ends_when_the_calls_of_its_threads_have_settled(bench: Bench) -> None:
    release, x_has_come = asyncio.Event(), asyncio.Event()

    async def held(call: KernelCall) -> CallReply:
        assert isinstance(call, LlmCall)
        if call.prompt == "x":
            x_has_come.set()
            await release.wait()
            return CallReply(text="late")
        await x_has_come.wait()
        return CallReply(text="go on")

    host = RecordingHost(held)
    code = (
        "import threading, queue\nbox = queue.Queue()\n"
        "threading.Thread(target=lambda: box.put(llm_query('x'))).start()\nprint(llm_query('y'))\n"
    )
    running = asyncio.create_task(bench.run(code, host))
    await host.heard.wait()
    assert not running.done()
    release.set()
    assert (await running).shown == "go on\n"
    assert (await bench.shown("print(box.get(timeout=5))")) == "late\n"


# --- interrupts --------------------------------------------------------------------------------------


async def test_a_catastrophic_regular_expression_is_stopped_and_variables_are_kept(bench: Bench) -> None:
    code = "kept = 3\nimport re\nre.match('(a+)+$', 'a' * 40 + 'b')"
    result = await bench.run(code, compute_seconds=0.2)
    assert (result.status, result.kernel_is_lost) == ("timeout", False)
    assert result.problem is not None
    assert result.problem.line == 3
    assert (await bench.shown("kept")) == "3\n"


async def test_an_interrupt_cancels_a_cell_that_awaits(bench: Bench) -> None:
    host = RecordingHost()
    code = "import asyncio\nkept = 4\nprint('go')\nawait asyncio.sleep(1000)"
    running = asyncio.create_task(bench.run(code, host))
    await host.heard.wait()
    bench.kernel.interrupt()
    assert (await running).status == "interrupted"
    assert (await bench.shown("kept")) == "4\n"


async def test_an_interrupt_reaches_the_computing_of_a_cell_that_awaits(bench: Bench) -> None:
    code = "import asyncio\nawait asyncio.sleep(0)\nwhile True:\n    pass"
    result = await bench.run(code, compute_seconds=0.2)
    assert (result.status, result.kernel_is_lost) == ("timeout", False)
    assert "line 3" in result.shown or "line 4" in result.shown
    assert "stopped at its limit of 0.2 s of computing time" in result.shown


async def test_a_cell_that_awaits_runs_to_its_end(bench: Bench) -> None:
    code = (
        "import asyncio\nr = await asyncio.gather(*(asyncio.to_thread(llm_query, p) for p in 'ab'))\nprint(r)"
    )
    assert (await bench.shown(code)) == "['re: a', 're: b']\n"


async def test_a_cell_that_catches_its_interrupt_may_end_well(bench: Bench) -> None:
    host = RecordingHost(never)
    code = "try:\n    llm_query('x')\nexcept KeyboardInterrupt:\n    print('cleaned up')"
    running = asyncio.create_task(bench.run(code, host))
    await host.asked.wait()
    bench.kernel.interrupt()
    result = await running
    assert (result.status, result.shown) == ("ok", "cleaned up\n")


async def test_an_interrupt_at_any_moment_leaves_a_kernel_that_works(bench: Bench) -> None:
    codes = [
        "x = 1",
        "for n in range(2000): pass",
        "llm_batch(['a'] * 20)",
        "import asyncio\nawait asyncio.sleep(0.01)",
        "import asyncio\nr = await asyncio.gather(*(asyncio.to_thread(llm_query, p) for p in 'ab'))",
        "answer['content'] += 'x'",
        "1 / 0",
    ]
    for moment in range(70):
        running = asyncio.create_task(bench.run(codes[moment % len(codes)]))
        for _ in range(moment):
            await asyncio.sleep(0)
        bench.kernel.interrupt()
        assert not (await running).kernel_is_lost
    assert (await bench.shown("'alive'")) == "'alive'\n"


async def test_a_cell_that_takes_the_signal_for_itself_takes_it_for_itself_alone(bench: Bench) -> None:
    await bench.run("import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)")
    result = await bench.run("while True: pass", compute_seconds=0.1)
    assert (result.status, result.kernel_is_lost) == ("timeout", False)


# --- the answer --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "content", "ready"),
    [
        ("answer['content'] = 'a'", "a", False),
        ("answer |= {'content': 'b'}", "b", False),
        ("answer.update({'content': 'c'}, ready=True)", "c", True),
        ("del answer['content']; answer.setdefault('content', 'd')", "d", False),
        ("answer.pop('content')", "", False),
        ("answer.clear()", "", False),
        ("while answer: answer.popitem()", "", False),
        ("answer['content'] = {'findings': [1, (2, 3)]}", {"findings": [1, [2, 3]]}, False),
        ("answer = 'as text'", "as text", False),
        ("answer = {'content': 'e', 'ready': True}", "e", True),
        ("dict.__setitem__(answer, 'content', 'f')", "f", False),
        ("answer['content'] = rows = []; rows.append('g')", ["g"], False),
        ("del answer; memory", "start", False),
    ],
)
async def test_every_change_of_the_answer_is_a_draft(
    bench: Bench, change: str, content: object, ready: bool
) -> None:
    await bench.run("answer.clear()\nanswer.update(content='start', ready=False)")
    host = RecordingHost()
    result = await bench.run(change, host)
    assert result.status == "ok"
    assert (result.content, result.ready) == (content, ready)
    assert host.drafts[-1:] == ([] if content == "start" else [(content, ready)])


async def test_a_draft_stands_when_the_cell_ends_its_process_at_once() -> None:
    async with real_kernel() as fresh:
        for number in range(5):
            host = RecordingHost()
            code = f"answer['content'] = '{number}' * 200_000; import os; os._exit(0)"
            result = await fresh.run(code, host)
            assert (result.status, result.content) == ("died", f"{number}" * 200_000)
            assert host.drafts == [(f"{number}" * 200_000, False)]
            await fresh.kernel.restart("it has ended itself")


async def test_assigning_the_same_answer_again_is_no_draft(bench: Bench) -> None:
    await bench.run("answer['content'] = 'same'")
    host = RecordingHost()
    await bench.run("answer['content'] = 'same'\nanswer['notes'] = 'mine'", host)
    assert host.drafts == []


# --- what is known of a kernel -----------------------------------------------------------------------


async def test_the_report_names_what_the_model_has_made_and_nothing_else(bench: Bench) -> None:
    result = await bench.run("table = {'a': 1}\n_private = 2\nimport os\ndef square(n): return n * n")
    rows = {each.name: (each.type, each.size) for each in result.variables}
    assert rows["table"] == ("dict", "1 items")
    assert rows["square"] == ("function", "(n)")
    assert not {"_private", "os", "answer", "llm_query", "exit", "In", "get_ipython"} & set(rows)
    assert "table" in await bench.shown("show_vars()")
