"""Credit goes back at once until interpreting takes more than its share of the time."""

import pytest

from steer.runtime.pace import BURST_S, SHARE, Pace


def test_now_and_then_is_never_delayed() -> None:
    pace = Pace()
    assert [pace.delay_s(float(at), 0.01) for at in range(100, 110)] == [0.0] * 10


def test_a_flood_gets_its_share() -> None:
    pace, now, spent = Pace(), 100.0, 0.0
    while now < 110.0:
        now += 0.001
        spent += 0.001
        now += pace.delay_s(now, 0.001)
    assert spent == pytest.approx(10.0 * SHARE, rel=0.02)


def test_a_burst_goes_through() -> None:
    pace = Pace()
    assert sum(pace.delay_s(100.0, 0.001) for _ in range(int(BURST_S * 1000))) == pytest.approx(0.0, abs=1e-9)
    assert pace.delay_s(100.0, 0.001) > 0


def test_all_sessions_share_one() -> None:
    pace = Pace()
    for _ in range(100):
        pace.delay_s(100.0, 0.001)
    assert pace.delay_s(100.0, 0.0) == pytest.approx((0.1 - BURST_S) / SHARE)
