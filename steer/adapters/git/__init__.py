"""Git for steer: worktrees, forks, checkpoints, trash. Nothing here can run a program of an agent's.

Of each repository's own git directory only libgit2 makes use (it runs no hooks, filters or fsmonitor); the
git program only ever runs in repositories that steer made itself, see `command`. All functions are
synchronous and may run in any thread.
"""
