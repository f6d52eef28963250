"""What is taken for a secret, what is not, and that nothing makes the search slow."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steer.redact import HIDDEN, find, redacted

R = HIDDEN
SK = "sk-ant-api03-" + "aB3" * 12
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTYifQ.c2lnbmF0dXJlLWhlcmU"
PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA7bq0\nq1w2e3r4t5y6u7i8o9p0\n-----END RSA PRIVATE KEY-----"


@pytest.mark.parametrize(
    ("text", "shown", "kind"),
    [
        (f"use {SK} here", f"use {R} here", "key"),
        ("AKIAABCDEFGHIJKLMNOP.", f"{R}.", "key"),
        ("push with ghp_" + "a1" * 15, f"push with {R}", "key"),
        ("sid SK" + "0a" * 16, f"sid {R}", "key"),
        ("0a" * 16 + "-us12", R, "key"),
        ("bot 123456789:AA" + "x-Y" * 11, f"bot {R}", "key"),
        ("M" + "a1" * 12 + ".Xy12_z." + "b2" * 14, R, "key"),
        (f"got {JWT}, ok", f"got {R}, ok", "token"),
        ("postgres://app:hunter2@db:5432/x", f"postgres://{R}@db:5432/x", "login"),
        ("redis://:p@ss@host/0", f"redis://{R}@host/0", "login"),
        ("-H 'Authorization: Basic dXNlcjpwYXNz'", f"-H 'Authorization: Basic {R}'", "header"),
        ('{"authorization": "Bearer abcdefgh"}', f'{{"authorization": "Bearer {R}"}}', "header"),
        ("sent Bearer abc123def456ghi", f"sent Bearer {R}", "header"),
        ("Set-Cookie: session=abcdef; Path=/\r\nx", f"Set-Cookie: {R}\r\nx", "header"),
        ("DB_PASSWORD=correcthorse\nNEXT=1", f"DB_PASSWORD={R}\nNEXT=1", "value"),
        ("password: mypassword", f"password: {R}", "value"),
        ("API_KEY=xyz_yours12", f"API_KEY={R}", "value"),
        ("AWS_SECRET_ACCESS_KEY = wJalr/XUtn+FEMI", f"AWS_SECRET_ACCESS_KEY = {R}", "value"),
        ('"api_key": "0123 4567 89"', f'"api_key": "{R}"', "value"),
        (r"{\"token\": \"abcdef\"}", rf"{{\"token\": \"{R}\"}}", "value"),
        ("login --db-password hunter22 -v", f"login --db-password {R} -v", "value"),
        ("token: $TOKEN password=hunter22", f"token: $TOKEN password={R}", "value"),
        (f"a\n{PEM}\nb", f"a\n{R}\nb", "private-key"),
        (PEM[:52] + "\nthe end", f"{R}\nthe end", "private-key"),
        (PEM.replace("\n", "\\n"), R, "private-key"),
    ],
)
def test_hides_exactly_the_secret(text: str, shown: str, kind: str) -> None:
    assert redacted(text) == shown
    assert [s.kind for s in find(text)] == [kind]


@pytest.mark.parametrize(
    "text",
    [
        "password: str = field()",
        "token = self.make_token(user)",
        "token = settings.api.token",
        "estimated_total_tokens = estimated_science",
        "privateKey: Uint8Array,",
        "password = get_password(prompt)",
        'export API_KEY="$OTHER_KEY"',
        "api_key: <your key here>",
        "input_tokens: 123456, max_tokens=4096000",
        "return &Config{APIKey: apiKey, URL: url}",
        "inputTokens: batchInputTokens ?? 0",
        "const inputTokens = event.data?.batchInputTokens as number",
        "API_KEY=phc_your_key run, API_KEY=phc_xxxxx, token=your-token-here",
        'apiKey = "disabled"',
        "password: ********",
        "commit 3f786850e387550fdab836ed7e6dc881de23001b",
        "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "basic authentication and token handling are documented in the README",
        "http://localhost:8080/?from=a@b.example",
        "-----BEGIN CERTIFICATE-----\nMIIEowIBAAKCAQEA7bq0\n-----END CERTIFICATE-----",
        "the secret of good tests",
        "git log --no-token-file whatever",
    ],
)
def test_leaves_what_is_no_secret(text: str) -> None:
    assert redacted(text) == text


def test_secrets_that_overlap_are_one() -> None:
    text = f"api_key={SK}&rest=1 {SK}"
    assert redacted(text) == f"api_key={R} {R}"
    assert [text[s.start : s.end] for s in find(text)] == [f"{SK}&rest=1", SK]


PIECES = [
    SK, JWT, PEM, "://u:pw@", "password=", "token: ", '"', "'", " ", "\n", "\\", "Bearer ", "--secret ", "a", "@", R,
    "-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----", "Cookie: ", "://", ":", "0", "=", "[", "ß", "\x1b",
]  # fmt: skip


@given(st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=6))).map("".join))
def test_nothing_but_what_is_found_is_changed(text: str) -> None:
    found = find(text)
    edges = [0, *(at for s in found for at in (s.start, s.end)), len(text)]
    assert edges == sorted(edges)
    assert all(s.start < s.end for s in found)
    kept = [text[a:b] for a, b in zip(edges[::2], edges[1::2], strict=True)]
    assert redacted(text) == R.join(kept)


@given(st.text(max_size=30), st.sampled_from([SK, JWT, "ghp_" + "a1" * 15, PEM]), st.text(max_size=30))
def test_a_key_is_gone_whatever_stands_around_it(before: str, key: str, after: str) -> None:
    assert key not in redacted(f"{before}\n{key}\n{after}")


HOSTILE = [
    "a", "A", " ", "\n", "-", "=", '"', "'", "\\", "sk-", "://:::", "://:@", "://a:b", "eyJ", "eyJaaaaaaaaaaa-",
    "eyJaaaaaaaaaaa.", "-----BEGIN PRIVATE KEY-----", "-----BEGIN PRIVATE KEY-----\n", "-----BEGIN ", "-----END ",
    "-----BEGIN PRIVATE KEY-----aaaaaaaaaaaaaaaaaaaa\n", "password", "password=", "password=\"", "token=$token=$",
    "token=a.token=a.", "token= ", "token= token", "token=token(", "token:1token:", "--a-", "--a", "--secret ",
    "bearer ", "bearer a", "cookie:",
    "authorization:", "authorization: basic ", "a_", "tokens.", "SG.", "secret ",
]  # fmt: skip


@pytest.fixture
def deadline() -> Iterator[None]:
    """Far from both: linear work takes less than a second, quadratic work on a megabyte takes hours."""

    def give_up(*_: object) -> None:
        raise AssertionError("too slow: this is not linear")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(60)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.usefixtures("deadline")
@pytest.mark.parametrize("piece", HOSTILE)
def test_hostile_text_is_searched_in_linear_time(piece: str) -> None:
    text = piece * (2**20 // len(piece))
    assert sum(s.end - s.start for s in find(text)) <= len(text)
