"""What agents run all day works inside: builds and tests of common toolchains, with the caches they keep in a home."""

from __future__ import annotations

import shutil

import pytest

from steer.isolation import machine
from steer.model.isolation import Level
from tests.e2e.place import Place

# name -> (its program, what it keeps in the home, a build that shows "it works" from inside of what it built)
BUILDS = {
    "python": (
        "python3",
        ".cache",
        "mkdir -p pkg && printf 'def say():\\n    return \"it works\"\\n' > pkg/__init__.py"
        " && python3 -m venv --without-pip v && python3 -m compileall -q pkg"
        " && mkdir -p ~/.cache/pip/http && touch ~/.cache/pip/http/x"  # as pip does
        " && v/bin/python -c 'import pkg, tempfile; tempfile.mkstemp(); print(pkg.say())'",
    ),
    "npm": (
        "npm",
        ".npm",
        "mkdir dep && cd dep && npm init -y >/dev/null && echo 'module.exports = \"it works\"' > index.js"
        " && npm pack --silent >/dev/null && cd .. && npm init -y >/dev/null"
        " && npm install --offline --no-audit --no-fund --silent ./dep/dep-1.0.0.tgz"
        " && test -d ~/.npm/_cacache && node -e 'console.log(require(\"dep\"))'",
    ),
    "cc": (
        "cc",
        ".ccache",
        "printf '#include <stdio.h>\\nint main(void) { return puts(\"it works\") < 0; }\\n' > a.c"
        " && cc -o a a.c && ./a",
    ),
}


@pytest.mark.parametrize("level", [Level.L1, Level.L2])
@pytest.mark.parametrize("name", BUILDS)
def test_a_build_works_inside(place: Place, name: str, level: Level) -> None:
    program, cache, script = BUILDS[name]
    if why := machine.look().missing.get(level):
        pytest.skip(why)
    if not shutil.which(program):
        pytest.skip(f"{program} is not installed")
    (place.root / "h" / cache).mkdir(parents=True)
    (place.root / "h" / ".cache").mkdir(exist_ok=True)
    (place.root / "c" / "steer").mkdir(parents=True)
    (place.root / "c" / "steer" / "config.toml").write_text(f'[isolation]\nlevel = "{level}"\n')
    session = place.start(
        ["/bin/sh", "-c", f"unset XDG_CACHE_HOME PYTHONPYCACHEPREFIX; {script}; exec sleep 1000"]
    )
    place.shows(session, "it works")
    assert place.view(session)["isolation"] == level
