"""Order, selection, tree and words of the board, without a screen."""

from __future__ import annotations

from steer.commands.keymap import resolve_keys
from steer.commands.registry import BY_ID
from steer.model.flag import Flag, Severity
from steer.model.fleet import FleetView
from steer.model.session import Activity, CheckResult, DiffStat, Place, ProcessState
from steer.ui.bar import focus_line, footer_line, notice_line, top_line
from steer.ui.board_state import BoardState
from steer.ui.line import fit, line_width, plain, spread
from steer.ui.notice import SHOWN_S, Notice, merged
from steer.ui.search import Search, offset_for
from steer.ui.selection import Selection, word_at
from steer.ui.session_list import list_rows, row_lines
from steer.ui.status import duration, size, state, status_spans, title_spans
from tests.ui.fake_fleet import NOW, view


def board(*views: object, selected: str = "") -> BoardState:
    result = BoardState()
    result.update(FleetView("/x/project", views))  # type: ignore[arg-type] # session views
    result.selected = selected or result.selected
    return result


ASKING = view("asks", id="s2", activity=Activity.ASKING, activity_at=NOW - 5)
WORKING = view("works", id="s1", diff=DiffStat(3, 12, 4), check=CheckResult("failed", 3, 2))
FORK = view("child", id="s3", parent="s1", flags=(Flag("loop", "again", Severity.URGENT, NOW, count=3),))


def test_families_stand_together_sorted_by_their_most_urgent() -> None:
    calm = view("calm", id="s0")
    rows = list_rows(board(calm, WORKING, ASKING, FORK))
    assert [(r.session.spec.id, r.branch) for r in rows] == [("s2", ""), ("s1", ""), ("s3", "╰╴"), ("s0", "")]
    assert [r.number for r in rows] == [3, 2, 4, 1]


def test_a_circle_of_parents_loses_nobody() -> None:
    rows = list_rows(
        board(view("a", id="s1", parent="s2"), view("b", id="s2", parent="s1"), view("c", id="s3"))
    )
    assert sorted(r.session.spec.id for r in rows) == ["s1", "s2", "s3"]


def test_rows_are_exactly_as_wide_as_they_must_be() -> None:
    for row in list_rows(board(WORKING, ASKING, FORK)):
        for width in (24, 30, 52):
            for height in (1, 2):
                lines = row_lines(row, True, NOW, width, height)
                assert [line_width(line) for line in lines] == [width] * height


def test_selection_stays_or_moves_to_the_neighbour() -> None:
    b = board(WORKING, ASKING, FORK, selected="s2")
    gone = view("asks", id="s2", place=Place.TRASH)
    b.update(FleetView("", (WORKING, gone, FORK)))
    assert b.selected == "s3" and [s.spec.id for s in b.sessions] == ["s1", "s3"]
    b.update(FleetView("", ()))
    assert b.selected == "" and b.session is None and b.step(1) == "" and b.next_needing(1) == ""


def test_next_that_needs_you_goes_by_urgency_and_around() -> None:
    b = board(WORKING, ASKING, FORK, selected="s1")
    order = []
    for _ in range(3):
        b.selected = b.next_needing(1)
        order.append(b.selected)
    assert order == ["s2", "s3", "s2"]


def test_words() -> None:
    assert [duration(s) for s in (0, 59, 60, 3599, 3600, 90_000)] == ["0s", "59s", "1m", "59m", "1h", "1d"]
    assert [size(n) for n in (0, 999, 1500, 2_500_000, 3_400_000_000)] == [
        "0 B",
        "999 B",
        "2 kB",
        "2.5 MB",
        "3.4 GB",
    ]
    assert state(view("a", process=ProcessState.FAILED, exit_status=-9)).word == "failed, signal 9"
    assert state(view("a", is_paused=True)).word == "paused"
    line = plain(status_spans(WORKING, NOW, 80))
    assert line == " ● working 1m · +12 −4 in 3 files · ✗ 2 failing "
    assert plain(status_spans(FORK, NOW, 40)) == " ● working 1m · ▲ again ×3 "
    assert "⎇ steer/works" in plain(title_spans(WORKING, 2, False, 80))


def test_bars_fit_every_width() -> None:
    keymap, _ = resolve_keys({})
    b = board(WORKING, ASKING, FORK)
    for width in range(40, 240):
        assert line_width(top_line(b, (1, 3), "lost", width)) <= width
        footer = plain(footer_line(b, keymap, BY_ID, width))
        assert len(footer) <= width and "? help" in footer and "q quit" in footer
        assert line_width(focus_line(("ctrl+q",), "name", width)) <= width
        assert line_width(notice_line("x" * 500, "error", 3, width)) <= width
    assert "reconnecting · page 1 of 3" in plain(top_line(b, (1, 3), "gone", 120))


def test_lines_are_cut_and_spread() -> None:
    line = spread([*title_spans(WORKING, 1, False, 80)], [], 20)
    assert line_width(line) == 20
    assert plain(fit(line, 5)) == " 1 ●…"


def test_notices_count_and_errors_are_not_hidden() -> None:
    first = Notice("disk", "error", NOW)
    assert merged(first, Notice("disk", "error", NOW + 1)).count == 2
    assert merged(first, Notice("fine", "information", NOW + 1)) is first
    assert merged(first, Notice("fine", "information", NOW + SHOWN_S)).text == "fine"


def test_search_and_selection() -> None:
    search = Search("x", ((1, 0, 1), (1, 5, 1), (9, 2, 1)), 2)
    assert search.step(1).at == 0 and search.words == "3 of 3"
    assert [(m.start, m.end) for m in search.marks(1)] == [(0, 1), (5, 6)] and search.marks(2) == []
    assert offset_for(0, 100, 20) == 100 and offset_for(110, 100, 20) == 0
    backwards = Selection((5, 3), (4, 7))
    assert [backwards.span(line, 20) for line in (3, 4, 5, 6)] == [None, (7, 20), (0, 4), None]
    assert word_at("run \x1b[1msrc/日本.py\x1b[0m now", 6) == (4, 14)
    assert word_at("a  b", 1) == (1, 1)
