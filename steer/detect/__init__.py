"""Detectors: from evidence to flags, knowing the past only. They do no IO but to read their own rules."""
