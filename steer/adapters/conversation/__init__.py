"""Agents' transcripts on disk: found, followed, copied, cut. Nothing an agent keeps is ever changed."""
