"""Whatever the service does, a question ends in a verdict or in one sentence."""

from __future__ import annotations

import asyncio

import pytest

from steer.config.schema import Judge
from steer.judge.judge import Opinion, ask
from steer.judge.question import Question, make_question
from steer.judge.verdict import Verdict
from steer.model.step import Said
from tests.judge.service import (
    Reply,
    Service,
    error,
    serve,
    sse,
    streamed,
    text_block,
    tool_block,
    verdict,
)

QUOTE = "I will rewrite the logo instead"
QUESTION = make_question("fix the parser", (), [Said(1.0, f"The parser is hard. {QUOTE}.")], "aside")
DRIFT = verdict(drift=True, quote=QUOTE, confidence=0.8, correction="Leave the logo,\n fix the parser.")
DEADLINE_S = 30.0


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "key-of-the-test")
    monkeypatch.delenv("ANTHROPIC_AUTH_TOKEN", raising=False)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


def asked(service: Service, timeout_s: float = DEADLINE_S, question: Question = QUESTION) -> Opinion:
    config = Judge(enabled=True, base_url=service.url, timeout_s=timeout_s)
    return asyncio.run(asyncio.wait_for(ask(config, question), 2 * DEADLINE_S))


def problem_of(reply: Reply) -> str:
    with serve(reply) as service:
        opinion = asked(service)
    assert opinion.verdict is None
    assert opinion.problem and "\n" not in opinion.problem and len(opinion.problem) < 300
    return opinion.problem


def test_a_verdict_is_read_and_what_it_took_is_known() -> None:
    with serve(DRIFT) as service:
        opinion = asked(service)
    assert opinion.verdict == Verdict(True, QUOTE, 0.8, "Leave the logo, fix the parser.")
    assert (opinion.problem, opinion.usage.input, opinion.usage.output) == ("", 1000, 100)
    (body,) = service.asked
    assert service.keys == ["key-of-the-test"]
    assert body["tool_choice"] == {"type": "tool", "name": "verdict"}
    assert body["messages"] == [{"role": "user", "content": QUESTION.prompt}]


def test_no_drift_has_neither_quote_nor_correction() -> None:
    with serve(verdict(quote="something else", correction="x")) as service:
        assert asked(service).verdict == Verdict(False, "", 0.9, "")


@pytest.mark.parametrize(
    "bad",
    [
        error(429, "rate_limit_error", retry_after="0"),
        error(529, "overloaded_error", retry_after="0"),
        error(500, retry_after="0"),
    ],
    ids=["429", "529", "500"],
)
def test_a_passing_trouble_is_tried_again(bad: Reply) -> None:
    with serve(bad, DRIFT) as service:
        assert asked(service).verdict is not None
    assert len(service.asked) == 2


@pytest.mark.parametrize(
    ("status", "kind", "times"),
    [(500, "api_error", 3), (529, "overloaded_error", 3), (401, "authentication_error", 1), (400, "x", 1)],
)
def test_a_lasting_trouble_is_told_with_its_status(status: int, kind: str, times: int) -> None:
    with serve(error(status, kind, "no\x1b[31m\nway", retry_after="0")) as service:
        opinion = asked(service)
    assert len(service.asked) == times
    assert f"status {status}" in opinion.problem and "\x1b" not in opinion.problem
    assert opinion.usage.tokens == 0


BEGUN = streamed([tool_block({"drift": False})], "tool_use", until="content_block_delta").body.decode()
TROUBLES = {
    "a stream that ends early": (sse(BEGUN), "cut off"),
    "a connection that breaks": (sse(BEGUN, is_whole=False), "could not be asked"),
    "no events": (sse(""), "cut off"),
    "an answer that is not streamed": (Reply(body=b'{"type": "message"}'), "cut off"),
    "a page of a proxy": (Reply(body=b"<html>", headers={"content-type": "text/html"}), "cut off"),
    "garbage for events": (sse("event: message_start\ndata: {nonsense\n\n"), "could not be asked"),
    "events in the wrong order": (
        sse(BEGUN[BEGUN.index("event: content_block_start") :]),
        "cut off",
    ),
    "an error within the stream": (
        sse(
            BEGUN
            + 'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"m"}}\n\n'
        ),
        "could not be asked",
    ),
    "arguments that are no JSON": (streamed([tool_block("{drift: maybe")], "tool_use"), "could not be asked"),
    "arguments that are no object": (streamed([tool_block("[1]")], "tool_use"), "no object"),
    "a megabyte": (streamed([tool_block('{"drift": "' + "x" * 2**20)], "tool_use"), "longer than"),
    "a megabyte of words": (streamed([text_block("x" * 2**20)], "end_turn"), "longer than"),
    "a refusal": (streamed([text_block("I cannot.")], "refusal"), "refused"),
    "no room left": (streamed([tool_block({"drift": True})], "max_tokens"), "limit of tokens"),
    "words instead of a verdict": (streamed([text_block("All is well.")], "end_turn"), "with a verdict"),
    "another tool": (streamed([tool_block({"command": "rm"}, "bash")], "tool_use"), "with a verdict"),
    "two verdicts": (streamed([tool_block({"drift": False})] * 2, "tool_use"), "with a verdict"),
    "a quote of its own": (verdict(drift=True, quote="I deleted it all", correction="c"), "does not stand"),
    "no correction": (verdict(drift=True, quote=QUOTE, correction=" "), "correction is empty"),
}


@pytest.mark.parametrize(("reply", "words"), TROUBLES.values(), ids=TROUBLES.keys())
def test_what_is_wrong_is_said_in_one_sentence(reply: Reply, words: str) -> None:
    assert words in problem_of(reply)


@pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")
@pytest.mark.parametrize(
    "usage", [{}, {"input_tokens": "many"}, {"input_tokens": -5}, {"input_tokens": True}, [], "x"]
)
def test_a_count_of_tokens_that_is_none_is_not_believed(usage: object) -> None:
    with serve(streamed([tool_block({"drift": False, "confidence": 1})], "tool_use", usage)) as service:
        assert asked(service).usage.input in (0, 1)


def test_a_count_beyond_all_measure_is_limited() -> None:
    with serve(
        streamed([tool_block({"drift": False, "confidence": 1})], "tool_use", {"input_tokens": 10**30})
    ) as s:
        assert asked(s).usage.input == 1_000_000


def test_silence_ends_at_the_deadline_and_is_taken_to_cost() -> None:
    with serve(Reply(is_silent=True)) as service:
        opinion = asked(service, timeout_s=1.5)
    assert opinion.problem == "the judge did not answer within 1.5 s"
    assert opinion.usage.input == len(QUESTION.prompt) // 3


def test_a_service_that_is_not_there_is_told() -> None:
    with serve(DRIFT) as service:
        pass
    assert "could not be asked" in asked(service).problem
