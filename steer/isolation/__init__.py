"""Keeping an agent inside its worktree: what it may touch, and the mechanisms that hold it to that."""
