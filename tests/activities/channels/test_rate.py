"""A channel is asked as often as its vendor allows, and in the order in which messages came."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from activities.channels.rate import Pace, Rate, RateLimit


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def played(pace: Pace, clock: Clock, keys: list[str], person: str = "") -> list[tuple[str, float]]:
    """When each message goes, if each comes back after the wait it was told."""
    waiting, sent = [(clock.now, number, key) for number, key in enumerate(keys)], []
    while waiting:
        waiting.sort()
        at, number, key = waiting.pop(0)
        clock.now = max(clock.now, at)
        if wait := pace.wait(key, person or key):
            waiting.append((clock.now + wait, number, key))
        else:
            sent.append((key, clock.now))
    return sent


def test_sixty_messages_of_one_minute_keep_the_robots_limit_and_their_order() -> None:
    clock = Clock()
    sent = played(Pace([RateLimit(20, 60)], [], clock), clock, [f"m{number:02}" for number in range(60)])
    assert [key for key, _ in sent] == [f"m{number:02}" for number in range(60)]
    times = [at for _, at in sent]
    assert all(later - earlier >= 60 for earlier, later in zip(times, times[20:], strict=False))
    assert times[-1] - times[0] == 120


def test_two_limits_hold_at_once() -> None:
    clock = Clock()
    sent = played(Pace([RateLimit(100, 60), RateLimit(5, 1)], [], clock), clock, [f"m{n:03}" for n in range(101)])
    times = [at for _, at in sent]
    assert all(later - earlier >= 1 for earlier, later in zip(times, times[5:], strict=False))
    assert times[100] - times[0] == 60


def test_who_gets_many_messages_holds_up_nobody_else() -> None:
    clock = Clock()
    pace = Pace([RateLimit(20, 60)], [RateLimit(1, 30)], clock)
    assert pace.wait("a", "wang") == 0
    assert pace.wait("b", "wang") == 30
    assert pace.wait("c", "wang") == 60
    assert pace.wait("d", "li") == 0
    clock.now += 30
    assert (pace.wait("b", "wang"), pace.wait("c", "wang")) == (0, 30)


def test_a_moment_nobody_comes_for_is_not_kept_for_ever() -> None:
    clock = Clock()
    pace = Pace([RateLimit(1, 10)], [], clock)
    assert [pace.wait("a", ""), pace.wait("b", "")] == [0, 10]
    clock.now += 100
    assert pace.wait("c", "") == 0
    assert pace.wait("b", "") == 10


@pytest.mark.parametrize("text", ["20", "0/1m", "20/", "x/1m", "20/1 minute", 20, None])
def test_a_rate_that_is_none_is_refused(text: object) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Rate).validate_python(text)
    assert TypeAdapter(Rate).dump_python(TypeAdapter(Rate).validate_python(" 20 / 1m")) == "20/1m"
