"""What each agent needs in a HOME of its own to start at its prompt and to talk to the scripted model only.

Written into the throw-away HOME that `tests.e2e.place` points the environment at; nothing of the real one is read.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.model_server import ferry

MODEL = "scripted"
CODEX_MODEL = "gpt-5.5"  # one that Codex knows the tools of


@dataclass(frozen=True, slots=True)
class Outfit:
    """`free` starts it so that it may edit and run what it likes in its worktree, `asking` so that it asks first;
    `prepare(home, folders to trust, url of the model server)` writes its settings and returns its environment."""

    name: str
    free: tuple[str, ...]
    asking: tuple[str, ...]
    prepare: Callable[[Path, tuple[Path, ...], str], dict[str, str]]
    takes_task: bool = True  # on its command line
    reads_while_working: bool = True
    has_tools: bool = (
        True  # the model runs commands; without, the agent tests by itself and asks whether to go on
    )
    failing_status: int = 500  # that it gives up on within seconds
    allow: tuple[str, ...] = ("enter",)  # the keys that say yes, once, in its permission dialog
    trust: tuple[str, ...] = ("enter",)  # the keys that say yes in its trust dialog
    ready: str = "Type your message"  # on its screen when it takes a message
    dialog: str = "Allow execution"  # in its permission dialog
    error_words: str = "API Error"  # on its screen when it gave up, or while it tries again for long


def _json(path: Path, value: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value))


def _claude(home: Path, trusted: tuple[Path, ...], url: str) -> dict[str, str]:
    projects = {str(folder): {"hasTrustDialogAccepted": True} for folder in trusted}
    _json(home / ".claude.json", {"hasCompletedOnboarding": True, "theme": "dark", "projects": projects})
    # In its settings, because steer hands no CLAUDE* variable on to an agent.
    quiet = {"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1", "CLAUDE_CODE_MAX_RETRIES": "1"}
    _json(home / ".claude" / "settings.json", {"env": quiet})
    return {
        "ANTHROPIC_BASE_URL": url,
        "ANTHROPIC_AUTH_TOKEN": "none",
        "DISABLE_AUTOUPDATER": "1",
        "DISABLE_TELEMETRY": "1",
        "DISABLE_ERROR_REPORTING": "1",
    }


def _codex(home: Path, trusted: tuple[Path, ...], url: str) -> dict[str, str]:
    (home / ".codex").mkdir()
    projects = "".join(f'[projects."{folder}"]\ntrust_level = "trusted"\n' for folder in trusted)
    (home / ".codex" / "config.toml").write_text(
        f"""model = "{CODEX_MODEL}"
model_provider = "scripted"
check_for_update_on_startup = false
[analytics]
enabled = false
[model_providers.scripted]
name = "scripted"
base_url = "{url}/v1"
wire_api = "responses"
env_key = "SCRIPTED_KEY"
request_max_retries = 1
stream_max_retries = 1
{projects}[tui]
screen_reader_detection_done = true
[tui.model_availability_nux]
"gpt-6-sol" = 99
"gpt-6.1-sol" = 99
[notice]
hide_gpt5_1_migration_prompt = true
[notice.model_migrations]
"{CODEX_MODEL}" = "gpt-6-sol"
"""
    )
    return {"SCRIPTED_KEY": "none"}


def _gemini(home: Path, trusted: tuple[Path, ...], url: str) -> dict[str, str]:
    settings = {
        "security": {"auth": {"selectedType": "gemini-api-key"}},
        "general": {"enableAutoUpdate": False, "disableAutoUpdate": True, "disableUpdateNag": True},
        "privacy": {"usageStatisticsEnabled": False},
        "ui": {"hideTips": True},
    }
    _json(home / ".gemini" / "settings.json", settings)
    _json(home / ".gemini" / "trustedFolders.json", {str(folder): "TRUST_FOLDER" for folder in trusted})
    return {"GOOGLE_GEMINI_BASE_URL": url, "GEMINI_API_KEY": "none"}


def _qwen(home: Path, trusted: tuple[Path, ...], url: str) -> dict[str, str]:
    settings = {
        "security": {"auth": {"selectedType": "openai"}},
        "general": {"enableAutoUpdate": False, "disableAutoUpdate": True},
        "privacy": {"usageStatisticsEnabled": False},
    }
    _json(home / ".qwen" / "settings.json", settings)
    _json(home / ".qwen" / "trustedFolders.json", {str(folder): "TRUST_FOLDER" for folder in trusted})
    return {"OPENAI_BASE_URL": f"{url}/v1", "OPENAI_API_KEY": "none", "OPENAI_MODEL": MODEL}


def _opencode(home: Path, trusted: tuple[Path, ...], url: str) -> dict[str, str]:
    provider = {
        "npm": "@ai-sdk/openai-compatible",
        "name": MODEL,
        "options": {"baseURL": f"{url}/v1", "apiKey": "none"},
        "models": {MODEL: {"name": MODEL}},
    }
    settings = {
        "provider": {MODEL: provider},
        "model": f"{MODEL}/{MODEL}",
        "autoupdate": False,
        "share": "disabled",
    }
    _json(home / "opencode.json", settings)
    return {"OPENCODE_CONFIG": str(home / "opencode.json"), "OPENCODE_DISABLE_MODELS_FETCH": "1"}


def _aider(home: Path, trusted: tuple[Path, ...], url: str) -> dict[str, str]:
    return {"OPENAI_API_BASE": f"{url}/v1", "OPENAI_API_KEY": "none", "AIDER_ANALYTICS": "false"}


_AIDER = (
    *("aider", "--model", f"openai/{MODEL}", "--edit-format", "diff", "--map-tokens", "0"),
    *("--no-auto-commits", "--no-gitignore", "--no-show-model-warnings", "--no-check-update"),
    *("--no-show-release-notes", "--analytics-disable", "--no-detect-urls"),
    *("--auto-test", "--test-cmd", ferry.CHECK),
)
_AIDER_FILES = ("ferry/fare.py", "ferry/report.py")

OUTFITS = {
    o.name: o
    for o in (
        Outfit(
            "claude",
            ("claude", "--permission-mode", "acceptEdits", "--allowedTools", "Bash"),
            ("claude", "--permission-mode", "manual"),
            _claude,
            trust=("down", "enter"),
            ready="❯",
            dialog="Do you want",
        ),
        Outfit(
            "codex",
            ("codex", "--no-daemon", "-s", "danger-full-access", "-a", "on-request"),
            ("codex", "--no-daemon", "-s", "workspace-write", "-a", "on-request"),
            _codex,
            ready="› ",
            dialog="Would you like",
            error_words="■ ",
        ),
        Outfit("gemini", ("gemini", "--approval-mode", "yolo"), ("gemini",), _gemini, failing_status=401),
        Outfit(
            "qwen",
            ("qwen", "--approval-mode", "yolo"),
            ("qwen", "--approval-mode", "default"),
            _qwen,
            failing_status=401,
        ),
        Outfit(
            "opencode",
            ("opencode",),
            ("env", 'OPENCODE_CONFIG_CONTENT={"permission": {"bash": "ask", "edit": "ask"}}', "opencode"),
            _opencode,
            ready="ctrl+p",
            dialog="Permission required",
            error_words="[retrying",
        ),
        Outfit(
            "aider",
            (*_AIDER, "--yes-always", *_AIDER_FILES),
            (*_AIDER, *_AIDER_FILES),
            _aider,
            takes_task=False,
            has_tools=False,
            ready="diff>",
            dialog="(Y)es/(N)o",
            allow=("y", "enter"),
            reads_while_working=False,
            error_words="Retrying in",
        ),
    )
}
