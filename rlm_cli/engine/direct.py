"""The short way: a corpus that fits is put to the model whole, in one call, without a kernel."""

from __future__ import annotations

from xml.sax.saxutils import quoteattr

from rlm_cli.base.errors import CorpusError, ExitCode
from rlm_cli.base.text import counted
from rlm_cli.engine import briefing, prompts
from rlm_cli.engine.asking import RootModel
from rlm_cli.engine.closing import Closing
from rlm_cli.engine.drafts import Drafts
from rlm_cli.engine.replies import without_thinking
from rlm_cli.engine.sitting import Sitting
from rlm_cli.engine.stops import Ending, Stop
from rlm_cli.engine.tree import RunSettings, Tree
from rlm_cli.events.bodies import Notice, TurnStarted
from rlm_cli.events.values import Coverage, Message, Problem
from rlm_cli.ports import Corpus, ModelFacts

EMPTY = "Your reply was empty. Answer the question."


def goes_direct(tree: Tree, corpus: Corpus) -> bool:
    """Whether this corpus is put to the model in one call.

    Errors:  CorpusError when `--mode direct` is asked for and the corpus does not fit the model.
    """
    return is_direct(tree.settings, tree.models.root.facts, corpus.loaded.tokens)


def is_direct(settings: RunSettings, facts: ModelFacts, tokens: int) -> bool:
    """Whether a corpus of so many tokens is put to a model in one call.

    Errors:  CorpusError when `--mode direct` is asked for and the corpus does not fit the model.
    """
    if settings.mode == "rlm" or not facts.is_language_model:
        return False
    fits = facts.context_tokens is None or tokens + settings.root_tokens_out < facts.context_tokens
    if settings.mode == "direct":
        if not fits:
            raise CorpusError(
                "the corpus cannot be put to the model in one call",
                f"it has about {tokens:,} tokens, and {facts.name} takes {facts.context_tokens:,} in and out",
                "Leave out --mode direct, or name fewer files.",
            )
        return True
    return fits and tokens <= settings.direct_tokens


async def answer_directly(
    tree: Tree,
    corpus: Corpus,
    question: str,
    root: RootModel,
    drafts: Drafts,
    closing: Closing,
    sitting: Sitting,
) -> Ending:
    """One call with every document in it; its reply is the answer. A further question follows the first."""
    facts = corpus.loaded
    tree.session.emit(
        "root",
        Notice(
            level="info",
            code="direct",
            text=f"the corpus ({counted(facts.documents, 'document')}, about {facts.tokens:,} tokens) "
            f"is small: it is put to {tree.models.root.facts.name} whole, in one call",
        ),
    )
    sitting.turns += 1
    span = f"root/t{sitting.turns}"
    tree.session.emit(span, TurnStarted(turn=sitting.turns, limit=sitting.turns))
    schema = tree.settings.schema
    messages = sitting.direct or [Message("system", prompts.load("direct"))]
    if sitting.direct:
        asked = f"<question>\n{question}\n</question>{_schema(tree)}"
    else:
        asked = briefing.with_earlier(_question(tree, corpus, question), sitting.earlier)
    unsent = [Message("user", asked)]
    messages = [*messages, *unsent]
    for is_last in (False, True):
        reply = await root.ask(span, tuple(messages), unsent, schema)
        if isinstance(reply, Ending):
            return reply
        closing.coverage = Coverage(documents=facts.documents, read_by_model=facts.documents)
        text = without_thinking(reply.text)
        updated = drafts.update(text, is_ready=not reply.is_cut)
        if updated is not None:
            tree.session.emit(span, updated)
        if reply.is_cut:
            closing.warn("the answer was cut before its end")
            if reply.finish == "length":
                return Ending(Stop.MAX_TOKENS)
            problem = Problem(kind=reply.finish, message=f"it has cut the answer ({reply.finish})")
            return Ending(Stop.PROVIDER, problem, ExitCode.PROVIDER)
        _, fault = drafts.checked()
        fault = fault or ("" if text.strip() else "it is empty")
        if fault and is_last:
            problem = Problem(kind="malformed", message=f"the reply cannot be used: {fault}")
            return Ending(Stop.PROVIDER, problem, ExitCode.PROVIDER)
        if not fault:
            sitting.direct = [*messages, Message("assistant", reply.text)]
            break
        again = prompts.load("schema_again").replace("{fault}", fault) if schema is not None else EMPTY
        correction = Message("user", again)
        unsent = [correction]
        messages += [Message("assistant", reply.text), correction]
    return Ending(Stop.READY)


def _question(tree: Tree, corpus: Corpus, question: str) -> str:
    texts = corpus.texts()
    tag = briefing.tag_around("document", [text for _, text in texts])
    documents = "\n\n".join(f"<{tag} path={quoteattr(path)}>\n{text}\n</{tag}>" for path, text in texts)
    return f"{documents}\n\n<question>\n{question}\n</question>{_schema(tree)}"


def _schema(tree: Tree) -> str:
    if tree.settings.schema is None:
        return ""
    import msgspec

    schema = msgspec.json.encode(tree.settings.schema).decode()
    return prompts.load("schema").replace("{schema}", schema)
