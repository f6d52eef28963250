"""The scripted model, asked as agents ask it: through the Anthropic SDK and by plain HTTP in the other dialects."""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import anthropic
import pytest

from tests.e2e.place import until
from tests.model_server import ferry
from tests.model_server.script import Run, Scenario, Step
from tests.model_server.server import ModelServer, serve

Json = dict[str, Any]
SHELL = {"type": "object", "properties": {"command": {"type": "string"}, "description": {"type": "string"}}}
EDITOR = {"type": "object", "properties": {"file_path": {}, "old_string": {}, "new_string": {}}}


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with serve(ferry.loop(), think_s=0, piece_s=0) as made:
        yield made


def post(server: ModelServer, path: str, body: Json) -> str:
    request = urllib.request.Request(server.url + path, json.dumps(body).encode())
    with urllib.request.urlopen(request, timeout=30) as answer:
        return str(answer.read().decode())


def events(text: str) -> list[Json]:
    """The data of a stream's events, without the closing word of Chat Completions."""
    data = [line[6:] for line in text.splitlines() if line.startswith("data: ")]
    return [json.loads(d) for d in data if d != "[DONE]"]


# -- one shell call in every dialect --------------------------------------------------------------------


def ask_chat(server: ModelServer, is_streamed: bool) -> tuple[str, str, Json]:
    tools = [{"type": "function", "function": {"name": "bash", "parameters": SHELL}}]
    body = {"messages": [{"role": "user", "content": "go"}], "tools": tools, "stream": is_streamed}
    text = post(server, "/v1/chat/completions", body)
    if not is_streamed:
        message = json.loads(text)["choices"][0]["message"]
        call = message["tool_calls"][0]["function"]
        return message["content"], call["name"], json.loads(call["arguments"])
    deltas = [e["choices"][0]["delta"] for e in events(text) if e["choices"]]
    calls = [d["tool_calls"][0]["function"] for d in deltas if "tool_calls" in d]
    said = "".join(d.get("content", "") for d in deltas)
    return said, calls[0]["name"], json.loads("".join(c["arguments"] for c in calls))


def ask_responses(server: ModelServer, is_streamed: bool) -> tuple[str, str, Json]:
    tools = [{"type": "function", "name": "shell_command", "parameters": SHELL}]
    body = {"input": [{"role": "user", "content": "go"}], "tools": tools, "stream": is_streamed}
    text = post(server, "/v1/responses", body)
    response = events(text)[-1]["response"] if is_streamed else json.loads(text)
    message, call = response["output"]
    if is_streamed:
        pieces = [e["delta"] for e in events(text) if e["type"] == "response.function_call_arguments.delta"]
        assert "".join(pieces) == call["arguments"]
    return message["content"][0]["text"], call["name"], json.loads(call["arguments"])


def ask_gemini(server: ModelServer, is_streamed: bool) -> tuple[str, str, Json]:
    tools = [{"functionDeclarations": [{"name": "run_shell_command", "parametersJsonSchema": SHELL}]}]
    body = {"contents": [{"role": "user", "parts": [{"text": "go"}]}], "tools": tools}
    method = "streamGenerateContent?alt=sse" if is_streamed else "generateContent"
    text = post(server, f"/v1beta/models/scripted:{method}", body)
    answers = events(text) if is_streamed else [json.loads(text)]
    parts = [p for a in answers for p in a["candidates"][0]["content"]["parts"]]
    call = next(p["functionCall"] for p in parts if "functionCall" in p)
    return "".join(p.get("text", "") for p in parts), call["name"], call["args"]


def ask_anthropic(server: ModelServer, is_streamed: bool) -> tuple[str, str, Json]:
    tools = [{"name": "Bash", "input_schema": SHELL}]
    message = converse(server, [{"role": "user", "content": "go"}], tools, is_streamed)
    said, call = message.content
    return said.text, call.name, dict(call.input)


def converse(server: ModelServer, messages: list[Json], tools: list[Json], is_streamed: bool = False) -> Any:
    client: Any = anthropic.Anthropic(base_url=server.url, api_key="none", max_retries=0)
    asked = {"model": "scripted", "max_tokens": 100, "messages": messages, "tools": tools}
    if not is_streamed:
        return client.messages.create(**asked)
    with client.messages.stream(**asked) as stream:
        return stream.get_final_message()


@pytest.mark.parametrize("is_streamed", [True, False])
@pytest.mark.parametrize(
    ("ask", "tool"),
    [
        (ask_anthropic, "Bash"),
        (ask_chat, "bash"),
        (ask_responses, "shell_command"),
        (ask_gemini, "run_shell_command"),
    ],
)
def test_every_dialect_carries_the_same_step(
    server: ModelServer, ask: Callable[..., tuple[str, str, Json]], tool: str, is_streamed: bool
) -> None:
    said, name, arguments = ask(server, is_streamed)
    assert (said, name) == ("I run the tests first.", tool)
    assert arguments == {"command": ferry.CHECK, "description": "Run a command"}
    assert [e.is_main for e in server.exchanges] == [True]


# -- what the model does next follows from the conversation ----------------------------------------------


def held(calls: int, *told: str) -> list[Json]:
    """A conversation with that many calls, then words of the operator behind the last result."""
    messages: list[Json] = [{"role": "user", "content": ferry.TASK}]
    for n in range(calls):
        use = {"type": "tool_use", "id": f"c{n}", "name": "Bash", "input": {}}
        messages.append({"role": "assistant", "content": [use]})
        result = {"type": "tool_result", "tool_use_id": f"c{n}", "content": "FAILED"}
        messages.append({"role": "user", "content": [result]})
    messages[-1] = {
        "role": "user",
        "content": _blocks(messages[-1]) + [{"type": "text", "text": t} for t in told],
    }
    return messages


def _blocks(message: Json) -> list[Json]:
    content = message["content"]
    return [{"type": "text", "text": content}] if isinstance(content, str) else list(content)


TOOLS = [{"name": "Bash", "input_schema": SHELL}, {"name": "Edit", "input_schema": EDITOR}]


def test_the_script_goes_on_where_the_conversation_stands(server: ModelServer) -> None:
    server.open_gate()
    assert converse(server, held(2), TOOLS).content[1].name == "Edit"
    assert converse(server, held(3), TOOLS).content[1].input["command"] == ferry.CHECK
    assert converse(server, held(40), TOOLS).content[0].text == ferry.CLAIM


def test_a_correction_leads_to_the_right_file(server: ModelServer) -> None:
    first = converse(server, held(5, ferry.ADVICE), TOOLS)
    assert first.content[1].input["command"] == "cat ferry/fare.py"  # there is no tool for reading here
    assert server.count_told(ferry.ADVICE) == 1
    messages = held(5, ferry.ADVICE)
    messages.append(
        {"role": "assistant", "content": [{"type": "tool_use", "id": "x", "name": "Bash", "input": {}}]}
    )
    messages.append(
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "x", "content": "text"}]}
    )
    edit = converse(server, messages, TOOLS).content[1]
    assert (edit.name, edit.input["file_path"]) == ("Edit", "ferry/fare.py")


def test_paths_are_where_the_agent_says_it_works(server: ModelServer) -> None:
    server.open_gate()
    messages = held(2, "Primary working directory: /old/place", "Primary working directory: /new/place.")
    assert converse(server, messages, TOOLS).content[1].input["file_path"] == "/new/place/ferry/report.py"


def test_a_free_form_patch_tool_gets_a_patch(server: ModelServer) -> None:
    server.open_gate()
    tools = [{"type": "custom", "name": "apply_patch"}, {"type": "function", "name": "exec_command"}]
    done = [{"type": "function_call", "name": "exec_command", "call_id": "c", "arguments": "{}"}] * 2
    text = post(
        server, "/v1/responses", {"input": [{"role": "user", "content": "go"}, *done], "tools": tools}
    )
    call = json.loads(text)["output"][1]
    assert (call["type"], call["name"]) == ("custom_tool_call", "apply_patch")
    assert "*** Update File: ferry/report.py\n@@\n-    return" in call["input"]


def test_an_agent_that_edits_by_words_gets_a_block(server: ModelServer) -> None:
    server.open_gate()
    system = {"role": "system", "content": "All changes must be in SEARCH/REPLACE blocks."}
    body = {"messages": [system, {"role": "user", "content": ferry.TASK}]}
    said = json.loads(post(server, "/v1/chat/completions", body))["choices"][0]["message"]["content"]
    assert said.startswith("Attempt 1:") and "ferry/report.py\n```python\n<<<<<<< SEARCH\n" in said
    body["messages"] += [{"role": "assistant", "content": said}, {"role": "user", "content": ferry.ADVICE}]
    said = json.loads(post(server, "/v1/chat/completions", body))["choices"][0]["message"]["content"]
    assert "ferry/fare.py\n```python\n<<<<<<< SEARCH\n" in said


# -- errands, failures, the gate ---------------------------------------------------------------------------


def test_an_errand_without_tools_gets_no_step(server: ModelServer) -> None:
    schema = {"type": "object", "properties": {"model_choice": {"type": "string", "enum": ["flash", "pro"]}}}
    body = {
        "contents": [{"role": "user", "parts": [{"text": "Which model?"}]}],
        "generationConfig": {"responseJsonSchema": schema},
    }
    text = post(server, "/v1beta/models/scripted:generateContent", body)
    answer = json.loads(text)["candidates"][0]["content"]["parts"][0]["text"]
    assert json.loads(answer) == {"model_choice": "pro"}
    assert [e.is_main for e in server.exchanges] == [False]


@pytest.mark.parametrize(
    ("status", "error"), [(500, anthropic.InternalServerError), (429, anthropic.RateLimitError)]
)
def test_requests_fail_as_told_and_then_work(
    server: ModelServer, status: int, error: type[anthropic.APIStatusError]
) -> None:
    server.change(ferry.MEND.failing(status, after=1, times=1))
    assert converse(server, held(0), TOOLS).stop_reason == "tool_use"
    with pytest.raises(error):
        converse(server, held(1), TOOLS)
    assert converse(server, held(1), TOOLS).stop_reason == "tool_use"
    assert [e.status for e in server.main()] == [200, status, 200]


def test_a_failure_comes_in_each_dialects_own_words(server: ModelServer) -> None:
    server.change(ferry.MEND.failing(401))
    body = {"contents": [], "tools": [{"functionDeclarations": [{"name": "run_shell_command"}]}]}
    with pytest.raises(urllib.error.HTTPError) as e:
        post(server, "/v1beta/models/scripted:generateContent", body)
    assert e.value.code == 401
    assert json.loads(e.value.read())["error"]["status"] == "UNAUTHENTICATED"


def test_a_gated_step_waits_until_it_is_let_through() -> None:
    scenario = Scenario((Step("first", Run("true"), is_gated=True), Step("second", Run("false"))))
    said: list[str] = []
    with serve(scenario, think_s=0, piece_s=0) as server:

        def ask() -> None:
            said.append(converse(server, held(0), TOOLS).content[0].text)

        asking = threading.Thread(target=ask)
        asking.start()
        assert (
            converse(server, held(1), TOOLS).content[0].text == "second"
        )  # answered while the first one waits
        assert said == []
        server.let_through()
        asking.join(30)
    assert said == ["first"]


def test_the_next_scenario_has_a_gate_of_its_own() -> None:
    gated = Scenario((Step("first", Run("true"), is_gated=True), Step("second", Run("false"))))
    with serve(gated, think_s=0, piece_s=0) as server:
        said: list[str] = []

        def ask() -> None:
            said.append(converse(server, held(0), TOOLS).content[0].text)

        left_over = threading.Thread(target=ask)  # of an agent that was killed meanwhile
        left_over.start()
        until("it waits", lambda: server.main())
        server.change(gated)
        left_over.join(30)
        assert said == ["first"]
        asking = threading.Thread(target=ask)
        asking.start()
        assert converse(server, held(1), TOOLS).content[0].text == "second"
        assert said == ["first"]
        server.open_gate()
        asking.join(30)
        server.change(gated)
        asking = threading.Thread(target=ask)
        asking.start()
        assert converse(server, held(1), TOOLS).content[0].text == "second"
        assert said == ["first", "first"]
        server.let_through()
        asking.join(30)
    assert said == ["first"] * 3


def test_the_log_on_disk_holds_the_requests_whole(tmp_path: Any) -> None:
    log = tmp_path / "log.jsonl"
    with serve(ferry.HELLO, log=log, think_s=0, piece_s=0) as server:
        converse(server, held(0), TOOLS)
    line = json.loads(log.read_text())
    assert line["is_main"] and line["body"]["messages"][0]["content"][0]["text"] == ferry.TASK
