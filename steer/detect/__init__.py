"""Detectors: small pure functions from evidence to flags. They import nothing of each other and do no IO."""
