"""The judge's answer: what its tool takes, and what of an answer is accepted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from steer.errors import AgentError

TOOL = "verdict"
MAX_CORRECTION = 300
MIN_QUOTE = 8  # characters; a shorter one occurs everywhere
MAX_QUOTE = 500

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "drift": {"type": "boolean", "description": "whether the agent drifts"},
        "quote": {"type": "string", "description": "copied exactly from the transcript; empty without drift"},
        "confidence": {"type": "number", "minimum": 0, "maximum": 1},
        "correction": {"type": "string", "description": "what to tell the agent; empty without drift"},
    },
    "required": ["drift", "quote", "confidence", "correction"],
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """`quote` and `correction` are untrusted; both are empty without drift."""

    drift: bool
    quote: str
    confidence: float
    correction: str


def read_verdict(answer: Any, data: str) -> Verdict:
    """The arguments the tool was called with. Raises `AgentError` saying what is wrong with them."""
    if not isinstance(answer, dict):
        raise AgentError("the judge's verdict is no object")
    drift, confidence = answer.get("drift"), answer.get("confidence")
    if not isinstance(drift, bool):
        raise AgentError("the judge does not say whether there is drift")
    if isinstance(confidence, bool) or not isinstance(confidence, int | float) or not 0 <= confidence <= 1:
        raise AgentError("the judge's confidence is no number from 0 to 1")
    if not drift:
        return Verdict(False, "", float(confidence), "")
    quote, correction = answer.get("quote"), answer.get("correction")
    if not isinstance(quote, str) or not isinstance(correction, str):
        raise AgentError("the judge's quote or correction is no text")
    if not MIN_QUOTE <= len(quote.strip()) <= MAX_QUOTE or quote not in data:
        raise AgentError("the judge quotes what does not stand in the transcript")
    line = " ".join("".join(ch if ch.isprintable() else " " for ch in correction).split())
    if not 0 < len(line) <= MAX_CORRECTION:
        raise AgentError(f"the judge's correction is empty or longer than {MAX_CORRECTION} characters")
    return Verdict(True, quote, float(confidence), line)
