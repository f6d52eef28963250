"""Secrets out of a text before it leaves the machine: keys by their shape, values by the name before them.

What looks like a secret is taken for one; a redacted word costs the judge little.
"""

from __future__ import annotations

import re

HIDDEN = "[redacted]"

_SHAPES = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"
    r"|\bsk-[A-Za-z0-9_-]{16,}"  # Anthropic, OpenAI and those that copy them
    r"|\b(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{10,}"
    r"|\bgh[pousr]_[A-Za-z0-9]{20,}|\bgithub_pat_[A-Za-z0-9_]{20,}|\bglpat-[A-Za-z0-9_-]{16,}"
    r"|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"
    r"|\bAIza[0-9A-Za-z_-]{30,}|\bya29\.[0-9A-Za-z_-]{20,}"
    r"|\bxox[abeoprs]-[A-Za-z0-9-]{10,}|\bhf_[A-Za-z0-9]{20,}|\bnpm_[A-Za-z0-9]{30,}|\bpypi-[A-Za-z0-9_-]{30,}"
    r"|\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]*",  # JWT
    re.S,
)
_USERINFO = re.compile(r"(?<=://)[^\s/:@]*:[^\s/@]+(?=@)")
_BEARER = re.compile(r"\b((?:Bearer|Basic|Token)\s+)[A-Za-z0-9+/=._~-]{12,}", re.I)
_NAMED = re.compile(
    r"((?:[\w.-]*(?:passw(?:or)?d|passwd|secret|api[_-]?key|access[_-]?key|private[_-]?key|auth[_-]?token|token|"
    r"credential)s?)[\"']?\s*(?:=|:|=>)\s*[\"']?)(?!\[redacted\]|None\b|null\b|true\b|false\b|str\b|int\b)"
    r"([^\s\"',;)}]{6,})",
    re.I,
)


def redacted(text: str) -> str:
    text = _SHAPES.sub(HIDDEN, text)
    text = _USERINFO.sub(HIDDEN, text)
    text = _BEARER.sub(lambda m: m.group(1) + HIDDEN, text)
    return _NAMED.sub(lambda m: m.group(1) + HIDDEN, text)
