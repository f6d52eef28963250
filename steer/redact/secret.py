"""Finding secrets: keys by their shape, values by the name or the header before them, passwords in addresses.

What looks like a secret is taken for one: a word too many that is hidden costs little.

No pattern may look at a character more than a few times, for the text may be hostile. So each one either matches or
gives up within a bounded number of characters, or begins only where a run of its characters begins.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

HIDDEN = "[redacted]"


@dataclass(frozen=True, slots=True)
class Secret:
    """`text[start:end]` is to be hidden. `kind`: key, private-key, token, login, header or value."""

    kind: str
    start: int
    end: int


# Prefixes as their makers document them.
_KEY = re.compile(
    r"\bsk-[A-Za-z0-9_-]{16,}"  # Anthropic, OpenAI and those that copy them
    r"|\b(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{10,}|\bwhsec_[A-Za-z0-9+/=]{20,}"  # Stripe
    r"|\bgh[pousr]_[A-Za-z0-9]{20,}|\bgithub_pat_[A-Za-z0-9_]{20,}|\bglpat-[A-Za-z0-9_-]{16,}"
    r"|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"  # AWS
    r"|\bAIza[0-9A-Za-z_-]{30,}|\bya29\.[0-9A-Za-z_-]{20,}|\bGOCSPX-[0-9A-Za-z_-]{20,}"  # Google
    r"|\bxox[abeoprs]-[A-Za-z0-9-]{10,}|\bxapp-[A-Za-z0-9-]{20,}"  # Slack
    r"|\bhooks\.slack\.com/services/[A-Za-z0-9/]{20,}"
    r"|\bhf_[A-Za-z0-9]{20,}|\bgsk_[A-Za-z0-9]{20,}|\bxai-[A-Za-z0-9]{20,}"
    r"|\bnpm_[A-Za-z0-9]{30,}|\bpypi-[A-Za-z0-9_-]{30,}|\bdckr_pat_[A-Za-z0-9_-]{20,}"
    r"|\bhv[sb]\.[A-Za-z0-9_-]{20,}|\bdop_v1_[a-f0-9]{40,}|\btskey-[A-Za-z0-9-]{16,}"
    r"|\bSG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{40,}"
    r"|\bAGE-SECRET-KEY-1[A-Z0-9]{40,}"
    r"|\bSK[0-9a-f]{32}\b|\b[0-9a-f]{32}-us[0-9]{1,2}\b"  # Twilio, Mailchimp
    r"|\bsq0(?:atp|csp|idp)-[A-Za-z0-9_-]{22,}|\b[0-9]{8,10}:AA[A-Za-z0-9_-]{33}"  # Square, Telegram
    r"|\b[MNO][A-Za-z0-9_-]{23,25}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,}"  # Discord
    r"|\bAKC[A-Za-z0-9]{40,}"  # Artifactory
)
_JWT = re.compile(r"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{10,}+\.[A-Za-z0-9_-]{10,}+\.[A-Za-z0-9_-]*+")
_LOGIN = re.compile(r"(?<=://)[^\s/?#\"'<>:@]*+:[^\s/?#\"'<>]+(?=@)")
_HEADER = re.compile(
    r"\b(?:proxy-)?authorization[\"']?[ \t]{0,4}[:=][ \t]{0,4}[\"']?(?:(?:bearer|basic|token)[ \t]{1,4})?"
    r"(?P<authorization>[A-Za-z0-9+/=._~-]{8,})"
    r"|\bbearer[ \t]{1,4}(?P<bearer>(?=[A-Za-z+/=._~-]{0,64}[0-9])[A-Za-z0-9+/=._~-]{12,})"
    r"|\b(?:set-)?cookie:[ \t]{0,4}(?P<cookie>[^\s\"'][^\r\n\"']{7,})",
    re.I,
)
_NAME = (
    r"(?P<name>passw(?:or)?d|passphrase|pwd|secret(?:[_-]?key)?"
    r"|(?:api|access|account|private|encryption|signing|iam)[_-]?key|tokens?|credentials?)"
)
_ASSIGNED = re.compile(  # name = "value", "name": "value", the same inside JSON inside a string
    rf"{_NAME}(?:\\?[\"'])?[ \t]{{0,8}}(?:=>|:=|(?P<code>=[ \t])|=|:)[ \t]{{0,8}}(?P<quote>\\?[\"'`])?", re.I
)
_OPTION = re.compile(rf"(?<![\w-])--(?:[a-z]+-){{0,3}}{_NAME}[ \t]{{1,4}}(?P<quote>\\?[\"'`])?(?!-)", re.I)
_QUOTED = re.compile(r"[^\"'`\\\r\n]{6,}+")
_BARE = re.compile(r"[^\s\"'`,;(){}\[\]<>\\]{6,}+")
# Says where the value is to be found ($NAME, %NAME%, <your key>) or is masked already.
_NO_VALUE = re.compile(r"\[redacted\]|[$%<]|\*{3}|x{6}", re.I)
_NO_BARE = re.compile(  # a type, a call, an index, a dotted path: source code, not configuration
    r"(?:None|null|nil|undefined|true|false|string|number|boolean|Optional|required|Uint8Array|Buffer)\b"
    r"|[A-Za-z_]\w*+(?:\.\w++)*+[(\[]"
    r"|[A-Za-z_]\w*+(?:\??\.[A-Za-z_]\w*+)++(?![^\s\"'`,;(){}\[\]<>\\])"
)
_PLACEHOLDER = re.compile(r"(?:disabled|enabled)\Z|(?:[a-z]{1,8}[_-])?(?:your[_-]|x{3,}+\Z)", re.I)
_WORD = re.compile(r"[A-Za-z_]++(?![^\s\"'`,;(){}\[\]<>\\])")
_COUNT = re.compile(r"[0-9_]++(?![^\s\"'`,;(){}\[\]<>\\])")
_PEM = re.compile(r"-----(?P<edge>BEGIN|END) [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_PEM_BODY = re.compile(r"(?:(?:\s|\\[nr])*+[A-Za-z0-9+/=]{16,}+)*+")
MAX_PEM = 32 * 1024  # characters from a private key's first line to its last


def redacted(text: str) -> str:
    """`text` with `HIDDEN` in place of every secret; nothing else is changed."""
    parts, at = [], 0
    for secret in find(text):
        parts += [text[at : secret.start], HIDDEN]
        at = secret.end
    return "".join([*parts, text[at:]])


def find(text: str) -> list[Secret]:
    """All secrets in order, none overlapping another: those that do are one, of the first's kind."""
    found: list[Secret] = []
    for secret in sorted(_candidates(text), key=lambda s: (s.start, -s.end)):
        if found and secret.start < found[-1].end:
            last = found[-1]
            found[-1] = Secret(last.kind, last.start, max(last.end, secret.end))
        else:
            found.append(secret)
    return found


def _candidates(text: str) -> Iterator[Secret]:
    yield from _private_keys(text)
    for kind, pattern in (("key", _KEY), ("token", _JWT), ("login", _LOGIN)):
        for match in pattern.finditer(text):
            yield Secret(kind, *match.span())
    for match in _HEADER.finditer(text):
        yield Secret("header", *match.span(match.lastgroup or 0))
    yield from _values(text, _ASSIGNED)
    yield from _values(text, _OPTION)


def _values(text: str, head: re.Pattern[str]) -> Iterator[Secret]:
    at = 0
    while match := head.search(text, at):
        at = match.end()
        is_quoted = match["quote"] is not None
        if _NO_VALUE.match(text, at) or (not is_quoted and _NO_BARE.match(text, at)):
            continue
        if not is_quoted and match.groupdict().get("code") and _WORD.match(text, at):
            continue  # name = other_name
        if match["name"].lower().startswith("token") and _COUNT.match(text, at):
            continue  # of a model's tokens
        if value := (_QUOTED if is_quoted else _BARE).match(text, at):
            if not _PLACEHOLDER.match(value[0]) and (is_quoted or not _is_variable(match["name"], value[0])):
                yield Secret("value", *value.span())
            at = value.end()


def _is_variable(name: str, value: str) -> bool:
    """`apiKey: apiKey`, `tokens: inputTokens`: source code. Passwords are chosen like that, too."""
    plain = name.lower().replace("_", "").replace("-", "")
    is_chosen = plain.startswith(("pass", "pwd", "secret"))
    return not is_chosen and value.isidentifier() and plain in value.lower().replace("_", "")


def _private_keys(text: str) -> Iterator[Secret]:
    """From first line to last; of a key without its last line what looks like one."""
    begun: re.Match[str] | None = None
    for match in _PEM.finditer(text):
        if match["edge"] == "BEGIN":
            if begun is not None:
                yield _open_key(text, begun)
            begun = match
        elif begun is not None:
            whole = match.end() - begun.start() <= MAX_PEM
            yield Secret("private-key", begun.start(), match.end()) if whole else _open_key(text, begun)
            begun = None
    if begun is not None:
        yield _open_key(text, begun)


def _open_key(text: str, begun: re.Match[str]) -> Secret:
    body = _PEM_BODY.match(text, begun.end())
    return Secret("private-key", begun.start(), body.end() if body else begun.end())
