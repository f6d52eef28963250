"""What builds write in a home: the caches of common toolchains, as their documentation names them.

Isolated sessions may write those that are there already (`isolation.caches`), so that agents can build and test. Left
out is what the operator's own shell runs or obeys: folders of programs (`~/.cargo/bin`, `~/go/bin`), start-up scripts
(`~/.gradle/init.d`), settings. What a session leaves in a cache another build may use all the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from steer.isolation.expand import expand

# A variable first, where one moves the place; "~" is the home. Folders end with a slash.
CACHES = (
    "$XDG_CACHE_HOME/",
    "~/.cache/",  # pip, uv, Go's builds, Yarn, Deno, ccache, Bazel, Composer, Playwright, pre-commit, Hugging Face ...
    "$npm_config_cache/",
    "~/.npm/",
    "~/.local/share/pnpm/store/",
    "~/.yarn/berry/",
    "~/.bun/install/cache/",
    "~/.local/share/uv/",
    "$CARGO_HOME/registry/",
    "$CARGO_HOME/git/",
    "$CARGO_HOME/.package-cache",
    "$CARGO_HOME/.package-cache-mutate",
    "$CARGO_HOME/.global-cache",
    "~/.cargo/registry/",
    "~/.cargo/git/",
    "~/.cargo/.package-cache",
    "~/.cargo/.package-cache-mutate",
    "~/.cargo/.global-cache",
    "$GOMODCACHE/",
    "$GOPATH/pkg/",
    "~/go/pkg/",
    "$GRADLE_USER_HOME/caches/",
    "$GRADLE_USER_HOME/daemon/",
    "$GRADLE_USER_HOME/native/",
    "$GRADLE_USER_HOME/wrapper/dists/",
    "~/.gradle/caches/",
    "~/.gradle/daemon/",
    "~/.gradle/native/",
    "~/.gradle/wrapper/dists/",
    "~/.m2/repository/",
    "~/.m2/wrapper/dists/",
    "~/.ivy2/",
    "~/.sbt/boot/",
    "~/.nuget/packages/",
    "~/.local/share/NuGet/",
    "~/.local/share/gem/",
    "~/.bundle/cache/",
    "~/.hex/packages/",
    "~/.stack/pantry/",
    "~/.cabal/packages/",
    "~/.pub-cache/hosted/",
    "~/.conan2/p/",
    "~/.ccache/",
)


def caches(env: Mapping[str, str], home: str) -> tuple[str, ...]:
    """Those that exist, as absolute paths without links or a final slash; none of them is made."""
    wanted = (Path(path) for name in CACHES if (path := expand(name, env, home)))
    return tuple(dict.fromkeys(str(path.resolve()) for path in wanted if path.exists()))
