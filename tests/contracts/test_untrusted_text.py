"""No text from outside is ever parsed as markup: checked in the source, since one slip is enough.

Textual's and Rich's sinks parse markup by default (`Static`, `Label`, `notify`, `Text.from_markup`, ...). In the
package they may be given literals, or content that was made without markup; nothing else.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import steer

PACKAGE = Path(steer.__file__).parent

# Calls whose first argument (or `update`'s) is parsed as markup unless told otherwise.
SINKS = {"Static", "Label", "Button", "Checkbox", "RadioButton", "Digits", "Link", "Tab", "Option", "Collapsible",
         "Tooltip", "Rule", "Header"}  # fmt: skip
METHODS = {
    "notify",
    "update",
    "add_row",
    "add_column",
    "add_option",
    "write_line",
    "from_markup",
    "from_ansi",
}
UPDATED = {"update", "write_line"}  # also names of harmless methods; judged only on what looks like a widget
FORBIDDEN = {"from_markup", "from_rich_text", "from_ansi", "render_markup"}
FORBIDDEN |= {"Input", "TextArea"}  # they draw escape sequences as they are; those of `steer.ui.entry` do not
ATTRIBUTES = {"border_title", "border_subtitle", "tooltip"}  # parsed as markup when assigned


def _is_safe(node: ast.expr) -> bool:
    """A literal without placeholders, or content that is made of parts already."""
    if isinstance(node, ast.Constant):
        return True
    called = node.func if isinstance(node, ast.Call) else None
    return isinstance(called, ast.Name) and called.id in ("Content", "Text")


def _has_markup_off(call: ast.Call) -> bool:
    return any(
        k.arg == "markup" and isinstance(k.value, ast.Constant) and k.value.value is False
        for k in call.keywords
    )


def violations(source: str) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            found += _call(node)
        if isinstance(node, ast.keyword) and node.arg == "markup" and not _false(node.value):
            found.append(f"{node.value.lineno}: markup must be False")
        targets = node.targets if isinstance(node, ast.Assign) else []
        for target in targets:
            if isinstance(target, ast.Attribute) and target.attr in ATTRIBUTES and not _is_safe(node.value):
                found.append(f"{node.lineno}: {target.attr} parses markup")
    return found


def _false(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is False


def _call(call: ast.Call) -> list[str]:
    name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
    if name in FORBIDDEN:
        return [f"{call.lineno}: {name} is forbidden"]
    is_sink = name in SINKS or (name in METHODS - UPDATED and isinstance(call.func, ast.Attribute))
    if not is_sink or _has_markup_off(call):
        return []
    given = [
        *call.args,
        *(k.value for k in call.keywords if k.arg in ("content", "label", "message", "title")),
    ]
    return [f"{call.lineno}: {name} parses markup" for argument in given if not _is_safe(argument)]


FILES = sorted(p for p in PACKAGE.rglob("*.py") if "textual" in p.read_text(encoding="utf-8"))


@pytest.mark.parametrize("file", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_no_markup_is_parsed(file: Path) -> None:
    assert violations(file.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "source",
    [
        "Static(name)",
        "Static(f'{name}')",
        "Label(content=name)",
        "app.notify(text)",
        "app.notify('x', title=text)",
        "Text.from_markup('x')",
        "table.add_row(name)",
        "Button('a' + name)",
        "Static('x', markup=True)",
        "pane.border_title = name",
    ],
)
def test_the_check_sees(source: str) -> None:
    assert violations(source)


@pytest.mark.parametrize(
    "source", ["Static('x')", "Static(name, markup=False)", "app.notify('x')", "Static(Content(x))"]
)
def test_the_check_lets_pass(source: str) -> None:
    assert violations(source) == []
