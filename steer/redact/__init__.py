"""Secrets out of a text before it leaves the machine. Pure; linear in the text's length, whatever it holds."""

from steer.redact.secret import HIDDEN, Secret, find, redacted

__all__ = ["HIDDEN", "Secret", "find", "redacted"]
