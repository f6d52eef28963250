"""Any chunking gives the same entries, and nothing an agent (or anybody) writes makes a reader raise."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from steer.model.step import Entry
from steer.transcript.format import FORMATS, reader_for, recognise
from steer.transcript.reader import Problem

FILES = sorted((Path(__file__).parents[1] / "fixtures" / "transcripts").iterdir())


def read(format: str, chunks: list[bytes]) -> tuple[list[Entry], list[Problem], str]:
    reader = reader_for(format)
    found = [entry for chunk in chunks for entry in reader.feed(chunk)]
    return found + reader.finish(), reader.problems, reader.refusal


def cut(data: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted(p % (len(data) + 1) for p in places), len(data)]
    return [data[a:b] for a, b in pairwise(edges)]


@given(st.sampled_from(FILES), st.lists(st.integers(0, 1 << 20), max_size=12))
def test_any_chunking_gives_the_same_entries(path: Path, places: list[int]) -> None:
    data, format = path.read_bytes(), path.name.split("-")[0]
    assert read(format, cut(data, places)) == read(format, [data])


Mutation = tuple[int, int, bytes]  # where, how much is replaced, by what
JSON_BITS = [b"null", b"[]", b"{}", b'""', b"-1", b"1e999", b"true", b"\n", b"\xff", b'{"a":', b"9" * 30]


@given(
    st.sampled_from(FILES),
    st.lists(
        st.tuples(
            st.integers(0, 1 << 20), st.integers(0, 200), st.sampled_from(JSON_BITS) | st.binary(max_size=8)
        ),
        min_size=1,
        max_size=8,
    ),
    st.lists(st.integers(0, 1 << 20), max_size=3),
)
def test_no_mutation_makes_a_reader_raise(path: Path, mutations: list[Mutation], places: list[int]) -> None:
    data = path.read_bytes()
    for place, size, by in mutations:
        at = place % (len(data) + 1)
        data = data[:at] + by + data[at + size :]
    format = path.name.split("-")[0]
    assert read(format, cut(data, places)) == read(format, [data])


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
KEYS = [
    "type",
    "message",
    "content",
    "payload",
    "item",
    "usage",
    "timestamp",
    "id",
    "tokens",
    "toolCalls",
    "state",
]
KEYS += [
    "parts",
    "session",
    "part",
    "info",
    "messages",
    "attachment",
    "toolUseResult",
    "sessionId",
    "totalCostUSD",
]


@given(
    st.sampled_from(FORMATS),
    st.lists(st.dictionaries(st.sampled_from(KEYS), VALUES), max_size=4),
    st.binary(),
)
def test_no_shape_makes_a_reader_raise(format: str, records: list[dict[str, object]], noise: bytes) -> None:
    data = b"".join(json.dumps(r).encode() + b"\n" for r in records) + noise
    recognise(data)
    read(format, [data])
