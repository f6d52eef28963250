"""Agents' own records of their conversations, read into entries (`steer.model.step`). Pure: bytes in, entries out."""
