"""Checkpoints: the exact files of a worktree at a time, kept where the agent's git cannot lose them.

A bare repository of steer's own with its own copy of every object a checkpoint needs (no alternates, so
`gc --prune=now` in the main repository takes nothing away), conversions switched off (bytes stay bytes)
and one private index per session. The worktree's index, HEAD, reflog and stash are never touched.

    refs/steer/base/<commit id>     a commit of steer's with the tree of that commit of the main repository
    refs/steer/<session>/<n>        checkpoint n = 1, 2, 3 ... of a session, parent: the one before
    sessions/<session>              its private index

Compare with checkpoint 1, taken before the agent starts, rather than with the base where attributes convert
files on checkout (eol, ident): a checkpoint holds the bytes on disk, the base those in the repository.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pygit2

from steer.adapters.git import command, diff, include, scan
from steer.adapters.git.command import Place
from steer.adapters.git.diff import FileDiff
from steer.adapters.git.path_tree import Edit, edited_tree, entry_of, ignored_among, path_edits
from steer.adapters.git.repository import read_pointer
from steer.errors import EnvironmentFault, UserError
from steer.model.session import DiffStat

_SESSION = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_BASE = "refs/steer/base/"
_COUNTS_KEPT = 64
_PACKS_MAX, _LOOSE_MAX = 50, 6700
_INDEX_MAX_BYTES = 1 << 30
_AUTHOR = ("steer", "steer@localhost")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A state of a worktree. `files`, `added`, `removed` compare it with the base."""

    id: str  # commit id in the shadow repository
    tree: str
    at: int  # seconds since the epoch
    number: int  # 1, 2, 3 ... per session
    files: int = 0
    added: int = 0
    removed: int = 0
    problems: tuple[str, ...] = ()  # what is missing from it, and why
    notes: tuple[str, ...] = ()  # what is not in it by design: nested repositories
    is_new: bool = True  # False: nothing changed, this is the previous one


class Shadow:
    """The shadow repository of one repository's fleet. Safe to use from several threads and processes."""

    def __init__(
        self, shadow_path: Path, common_dir: Path, file_limit_bytes: int = scan.DEFAULT_FILE_BYTES
    ) -> None:
        self.path = command.neutral_repository(shadow_path)
        self.common_dir = common_dir
        self._limit = file_limit_bytes
        self._local = threading.local()
        self._known_counts: dict[tuple[str, str], DiffStat] = {}
        for name in ("sessions", "lock", "scratch"):
            (shadow_path / name).mkdir(exist_ok=True, mode=0o700)

    @property
    def _repo(self) -> pygit2.Repository:
        """One libgit2 handle per thread; they must not be shared."""
        if not hasattr(self._local, "repo"):
            self._local.repo = pygit2.Repository(str(self.path))
        repo: pygit2.Repository = self._local.repo
        return repo

    @contextmanager
    def _session(self, session: str) -> Iterator[None]:
        """The exclusive right to change a session's index and references."""
        if not _SESSION.fullmatch(session) or session == "base":
            raise UserError(f"{session!r} is not the id of a session")
        with self._locked(session):
            yield

    @contextmanager
    def _locked(self, name: str) -> Iterator[None]:
        fd = os.open(self.path / "lock" / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            yield
        finally:
            os.close(fd)

    # -- base ------------------------------------------------------------------------------------

    def import_base(self, commit: str) -> str:
        """Copy the tree of the main repository's `commit` into the shadow, once; returns the tree's id.

        Reads about as many bytes as the tree has compressed; deltas and compression are taken over as they
        are. An empty `commit` (unborn HEAD) stands for the empty tree. Raises `EnvironmentFault`.
        """
        known = self._tree_of_ref(_BASE + commit) if commit else self._empty_tree()
        if known is not None:
            return str(known.id)
        with self._locked("+import"):
            tree = self._pack_tree(commit)
            made = self._commit(tree, [], f"base {commit}\n", 0)
            self._repo.references.create(_BASE + commit, made, force=True)
        return tree

    def _pack_tree(self, commit: str) -> str:
        objects = (self.common_dir / "objects",)
        place = Place(self.path, objects=objects)
        tree = command.run(place, "rev-parse", "--verify", f"{commit}^{{tree}}").decode().strip()
        known = "".join(f"^{r.target}\n" for r in self._base_refs())
        pack = self.path / "objects" / "pack" / "pack"
        command.run(
            place,
            "pack-objects", "-q", "--revs", "--window=0", "--missing=allow-any", "--delta-base-offset",
            "--non-empty", str(pack),
            stdin=f"{tree}\n{known}".encode(),
        )  # fmt: skip
        return tree

    def _base_refs(self) -> list[pygit2.Reference]:
        return [self._repo.lookup_reference(r) for r in self._repo.references if r.startswith(_BASE)]

    def _empty_tree(self) -> pygit2.Tree:
        return self._repo[self._repo.TreeBuilder().write()].peel(pygit2.Tree)

    def _tree_of_ref(self, name: str) -> pygit2.Tree | None:
        try:
            return self._repo.lookup_reference(name).peel(pygit2.Tree)
        except (KeyError, ValueError, pygit2.GitError):
            return None

    # -- checkpoints -------------------------------------------------------------------------------

    def checkpoint(self, worktree: Path, session: str, base_commit: str, message: str, at: int) -> Checkpoint:
        """Save tracked and untracked files that are not ignored, exactly as they are on disk.

        `at` is in seconds since the epoch. What cannot be read is listed in `problems`, the rest is saved.
        Raises `EnvironmentFault` when nothing can be saved.
        """
        self._check_worktree(worktree)
        with self._session(session):
            base = self.import_base(base_commit)
            place = self._place(worktree, session, base)
            change = scan.look(place, self._forced(worktree, session), self._limit)
            tree = self._scanned_tree(session) if not change.paths else ""
            if not tree:
                tree = scan.record(place, change).decode()
                self._note(session, "tree", tree.encode())
            return self._saved(session, base, tree, message, at, change)

    def _check_worktree(self, worktree: Path) -> None:
        if worktree.is_symlink() or not worktree.is_dir():
            raise EnvironmentFault(f"{worktree} is not a folder any more", "it was moved or removed by hand")

    def _place(self, worktree: Path, session: str, base: str) -> Place:
        patterns = include.plain_bytes(self.common_dir / "info" / "exclude")
        command.write_if_changed(self.path / "info" / "exclude", patterns)
        index = self.path / "sessions" / session
        place = Place(self.path, work_tree=worktree, index=index, config=command.operator_excludes())
        index.with_name(f"{session}.lock").unlink(
            missing_ok=True
        )  # ours alone, and we hold the session's lock
        if not index.exists():
            (self.path / "sessions" / f"{session}.tree").unlink(missing_ok=True)
            latest = self.latest(session)
            command.run(place, "read-tree", str(latest.tree_id) if latest else base)
        return place

    def _forced(self, worktree: Path, session: str) -> list[bytes]:
        """Files that are ignored and yet in the worktree's own index (`git add -f`)."""
        named = read_pointer(worktree / ".git")
        admin = (worktree / os.fsdecode(named)) if named else worktree / ".git"
        listed = self._forced_listing(admin / "index", worktree, session)
        latest = self.latest(session)
        return [p for p in listed if latest is None or entry_of(latest.tree, p) is None]

    def _forced_listing(self, own: Path, worktree: Path, session: str) -> list[bytes]:
        """Ignored paths in the index file `own`, remembered until that file changes."""
        try:
            info = own.lstat()
        except OSError:
            return []
        mark = f"{info.st_mtime_ns} {info.st_size} {info.st_ino}".encode()
        seen, _, rest = _read(self.path / "sessions" / f"{session}.forced").partition(b"\0")
        if seen == mark:
            return command.split_z(rest)
        copy = self.path / "sessions" / f"{session}.theirs"
        copy.write_bytes(include.plain_bytes(own, _INDEX_MAX_BYTES))
        place = Place(self.path, work_tree=worktree, index=copy, config=command.operator_excludes())
        try:
            listed = command.run(place, "ls-files", "-z", "-c", "-i", "--exclude-standard")
        except command.GitFailed:
            listed = (
                b""  # an index that this git cannot read; the files that are not ignored are saved anyway
            )
        self._note(session, "forced", mark + b"\0" + listed)
        return command.split_z(listed)

    def _saved(
        self, session: str, base: str, tree: str, message: str, at: int, change: scan.Change
    ) -> Checkpoint:
        previous = self.latest(session)
        is_new = previous is None or str(previous.tree_id) != tree
        if previous is None or is_new:
            number = self._number(session) + 1
            parents = [previous.id] if previous else []
            commit = self._commit(tree, parents, message, at)
            self._repo.references.create(f"refs/steer/{session}/{number}", commit)
            self._note(session, "number", b"%d" % number)
        else:
            number, commit, at = self._number(session), str(previous.id), previous.commit_time
        counts = self._counts(base, tree, str(previous.tree_id) if previous else "")
        return Checkpoint(
            commit, tree, at, number, counts.files, counts.added, counts.removed,
            tuple(change.problems), tuple(change.notes), is_new,
        )  # fmt: skip

    def _counts(self, base: str, tree: str, before: str) -> DiffStat:
        """Remembers the last few: an idle worktree is looked at often."""
        key = (base, tree)
        if key not in self._known_counts:
            while len(self._known_counts) >= _COUNTS_KEPT:
                self._known_counts.pop(next(iter(self._known_counts)), None)
            known = self._known_counts.get((base, before))
            if known is None:
                fresh = diff.stat(self._tree(base), self._tree(tree))
            else:
                fresh = diff.stat_onwards(self._tree(base), self._tree(before), known, self._tree(tree))
            self._known_counts[key] = fresh
        return self._known_counts[key]

    def _commit(self, tree: str, parents: list[pygit2.Oid], message: str, at: int) -> str:
        who = pygit2.Signature(*_AUTHOR, at, 0)
        return str(self._repo.create_commit(None, who, who, message, tree, parents))

    def checkpoint_paths(
        self, worktree: Path, session: str, base_commit: str, paths: list[bytes], message: str, at: int
    ) -> Checkpoint | None:
        """As `checkpoint`, looking only at `paths` (relative bytes, as a file watcher names them).

        None when that is not enough and a full `checkpoint` is needed: before the first one, for folders, for
        paths through links, and for rules (`.gitignore`).
        """
        self._check_worktree(worktree)
        with self._session(session):
            previous = self.latest(session)
            edits = path_edits(worktree, paths, self._limit) if previous else None
            if previous is None or edits is None:
                return None
            edits = self._not_ignored(worktree, session, previous.tree, edits)
            tree = edited_tree(self._repo, previous.tree, edits)
            base = self.import_base(base_commit)
            return self._saved(session, base, tree, message, at, scan.Change())

    def _not_ignored(self, worktree: Path, session: str, tree: pygit2.Tree, edits: list[Edit]) -> list[Edit]:
        """Without those that are new and ignored; git itself is asked, and only for new ones."""
        fresh = [e.path for e in edits if not e.is_gone and entry_of(tree, e.path) is None]
        if not fresh:
            return edits
        place = Place(
            self.path,
            work_tree=worktree,
            index=self.path / "sessions" / session,
            config=command.operator_excludes(),
        )
        ignored = ignored_among(place, fresh) - set(self._forced(worktree, session))
        return [e for e in edits if e.path not in ignored]

    # -- reading -----------------------------------------------------------------------------------

    def latest(self, session: str) -> pygit2.Commit | None:
        """The newest checkpoint's commit."""
        number = self._number(session)
        return self.commit_of(session, number) if number else None

    def commit_of(self, session: str, number: int) -> pygit2.Commit | None:
        try:
            return self._repo.lookup_reference(f"refs/steer/{session}/{number}").peel(pygit2.Commit)
        except (KeyError, ValueError, pygit2.GitError):
            return None

    def _number(self, session: str) -> int:
        """Number of the newest checkpoint, 0 before the first. A file spares listing the references."""
        text = _read(self.path / "sessions" / f"{session}.number")
        number = int(text) if text.isdigit() else 0
        while self.commit_of(session, number + 1):  # killed between reference and note
            number += 1
        return number

    def _note(self, session: str, kind: str, content: bytes) -> None:
        command.write_if_changed(self.path / "sessions" / f"{session}.{kind}", content)

    def _scanned_tree(self, session: str) -> str:
        """The tree of the private index, as of the last full scan; empty before the first."""
        return _read(self.path / "sessions" / f"{session}.tree").decode()

    def _tree(self, name: str) -> pygit2.Tree:
        """The tree of a checkpoint, of an imported base commit, or with that id. Raises `UserError`."""
        found = self._tree_of_ref(_BASE + name) if name else self._empty_tree()
        if found is not None:
            return found
        try:
            return self._repo[name].peel(pygit2.Tree)
        except (KeyError, ValueError, pygit2.GitError) as e:
            raise UserError(f"there is no checkpoint {name[:12]}") from e

    def diff(self, old: str, new: str) -> list[FileDiff]:
        """Changes between two checkpoints (or imported base commits), by id."""
        return diff.files(self._tree(old), self._tree(new))

    def stat(self, old: str, new: str) -> DiffStat:
        return diff.stat(self._tree(old), self._tree(new))

    def has(self, checkpoint: str) -> bool:
        """Is this checkpoint here, with its tree?"""
        try:
            self._tree(checkpoint)
        except UserError:
            return False
        return bool(checkpoint)

    def read(self, checkpoint: str, path: bytes) -> bytes | None:
        """One file of a checkpoint; None where it has none."""
        try:
            found = self._tree(checkpoint)[os.fsdecode(path)]
        except KeyError:
            return None
        return bytes(found.data) if isinstance(found, pygit2.Blob) else None

    # -- writing out -------------------------------------------------------------------------------

    def restore(self, checkpoint: str, target: Path) -> None:
        """Write a checkpoint's files into the new folder `target`. Raises `UserError` if it exists."""
        tree = str(self._tree(checkpoint).id)
        try:
            target.mkdir(parents=True)
        except FileExistsError as e:
            raise UserError(
                f"{target} exists already", "a checkpoint is only restored into a new folder"
            ) from e
        index = self.path / "scratch" / f"{os.urandom(6).hex()}.index"
        try:
            self._write_out(tree, target, index)
        finally:
            index.unlink(missing_ok=True)

    def materialize(self, checkpoint: str, target: Path) -> None:
        """Bring steer's own scratch folder `target` to a checkpoint, touching only what differs.

        For running check commands: what they left beside the checkpoint's files (build output) stays.
        """
        tree = str(self._tree(checkpoint).id)
        target.mkdir(parents=True, exist_ok=True)
        name = hashlib.sha256(os.fsencode(target.resolve())).hexdigest()[:16]
        with self._locked(f"+{name}"):
            index = self.path / "scratch" / f"{name}.index"
            index.with_name(f"{name}.index.lock").unlink(missing_ok=True)
            if not any(target.iterdir()):
                index.unlink(missing_ok=True)
            self._write_out(tree, target, index)

    def _write_out(self, tree: str, target: Path, index: Path) -> None:
        place = Place(self.path, work_tree=target, index=index, config={"checkout.workers": "0"})
        command.run(place, "read-tree", "--reset", "-u", tree)

    def put_over(self, base: str, checkpoint: str, target: Path) -> None:
        """Bring a new worktree at `target`, made from commit `base`, to a checkpoint of a session with that base.

        What neither of the two knows (ignored files that were carried along) stays; its own index is not touched.
        """
        old, new = self.import_base(base), str(self._tree(checkpoint).id)
        index = self.path / "scratch" / f"{os.urandom(6).hex()}.index"
        try:
            command.run(Place(self.path, work_tree=target, index=index), "read-tree", old)
            self._write_out(new, target, index)
        finally:
            index.unlink(missing_ok=True)

    def is_compact(self) -> bool:
        """Are look-ups fast? The measure is git's own (gc.auto, gc.autoPackLimit): a 256th of the loose objects is
        counted, and the packs."""
        objects = self.path / "objects"
        loose = sum(1 for _ in (objects / "17").glob("*"))
        return loose <= _LOOSE_MAX // 256 and sum(1 for _ in (objects / "pack").glob("*.pack")) <= _PACKS_MAX

    def compact(self) -> None:
        """Gather loose objects and small packs into larger packs, all references into one file; nothing is left out.

        May run beside checkpoints. What it costs grows with what is new, not with what there is.
        """
        with self._locked("+compact"):
            command.run(Place(self.path), "repack", "-q", "-d", "--geometric=2")
            command.run(Place(self.path), "pack-refs", "--all")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""
