"""A worker dies before, amid or after every kind of activity, and nobody notices but by the clock."""

from __future__ import annotations

import signal
from collections import Counter

import pytest

from activities.analysis.ledger import report_key
from activities.archive.store import FileState
from activities.delivery.mail import Smtp
from tests.faults.cluster import SENDER
from tests.faults.worker_deaths import BOARD, CHORES, MOMENTS, SCENES, Played, Scene

pytestmark = [pytest.mark.xdist_group("faults"), pytest.mark.timeout(300)]

_LEEWAY = 60.0
"""Seconds for a machine that is busy."""


@pytest.mark.parametrize("scene", [*SCENES, *CHORES], ids=lambda scene: scene.name)
def test_a_worker_really_died(scene: Scene, played: Played) -> None:
    assert played.codes[scene.name] == -signal.SIGKILL
    assert (played.notes[scene.name]["activity"], played.notes[scene.name]["moment"]) == (scene.activity, scene.moment)


def test_nothing_is_lost_or_doubled_wherever_a_worker_dies(played: Played) -> None:
    books = played.books
    assert books is not None
    assert books.discrepancies == ()
    assert books.accepted == books.ended == len(SCENES)
    assert books.events_recorded == books.events_in_histories
    assert books.notifications_due == books.notifications_sent


def test_a_mail_comes_twice_only_where_its_sender_died_before_noting_it_down(played: Played) -> None:
    assert played.books is not None
    in_hand = {note["hand"] for note in played.notes.values() if note["activity"] == "deliver" and note["hand"]}
    assert len(in_hand) == 2
    # Others died with a mail in hand as well; whether the mail server had taken it is not known.
    assert in_hand <= played.lost
    assert len(in_hand) <= played.books.mails_doubled <= len(played.lost)


def test_escalations_that_fall_due_while_nobody_is_there_come_when_somebody_is(played: Played) -> None:
    books = played.books
    assert books is not None
    assert books.escalations_came == books.escalations_due >= len(SCENES) // 3
    # What a killed worker had in hand is left to it for ten seconds.
    assert books.greatest_lateness < played.outage + 10 + _LEEWAY


def test_closed_cases_are_archived_whole_wherever_the_archiver_dies(played: Played) -> None:
    for moment in MOMENTS:
        run = played.runs[f"archive-{moment}"]
        assert (run.failed, run.failures) == (0, ())
        assert played.shelves[moment] == [FileState.SOUND] * 3


def test_a_report_is_mailed_twice_only_where_its_sender_died_before_noting_it_down(played: Played) -> None:
    smtp = Smtp.from_url("smtp://localhost", SENDER)
    came = Counter(str(mail["Message-ID"]) for mail in played.mails)
    runs = [run for name, run in played.runs.items() if "report" in name]
    assert {mail.status for run in runs for mail in run.mailed} <= {"sent", "known"}
    counts = [came[smtp.message_id(report_key(name, BOARD))] for name in {run.report.name for run in runs}]
    # Three companies have one board here, so what they send it bears the same Message-IDs; one sender died.
    assert sorted(counts) == [len(MOMENTS), len(MOMENTS) + 1]
