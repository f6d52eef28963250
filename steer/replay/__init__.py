"""Replay without a screen: what a recording holds over time, and any moment of it as a terminal.

Pure: no clock, no files.
"""
