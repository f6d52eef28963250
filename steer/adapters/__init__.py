"""The world outside, one vendor per module: git, file watching, clocks, notifications."""
