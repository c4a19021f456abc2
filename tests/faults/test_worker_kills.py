"""Whenever a worker is killed in an activity, nothing is lost or doubled, only later."""

from __future__ import annotations

import signal
from collections import Counter

import pytest

from activities.analysis.ledger import report_key
from activities.archive.store import FileState
from activities.delivery.mail import Smtp
from tests.faults.cluster import SENDER
from tests.faults.worker_deaths import BOARD, WorkerKills

pytestmark = [pytest.mark.xdist_group("faults"), pytest.mark.timeout(900)]


def test_a_worker_really_died_at_each_point(worker_kills: WorkerKills) -> None:
    points = worker_kills.points
    assert worker_kills.codes == {point.name: -signal.SIGKILL for point in points}
    notes = {name: (note["activity"], note["moment"]) for name, note in worker_kills.notes.items()}
    assert notes == {point.name: (point.activity, point.moment) for point in points}


def test_nothing_is_lost_or_doubled_wherever_a_worker_dies(worker_kills: WorkerKills) -> None:
    audit = worker_kills.audit
    assert audit is not None
    assert audit.discrepancies == ()
    assert audit.accepted == audit.ended == len(worker_kills.in_cases)
    assert audit.events_recorded == audit.events_in_histories
    assert audit.notifications_due == audit.notifications_sent


def test_a_mail_comes_twice_only_where_its_sender_died_before_noting_it_down(worker_kills: WorkerKills) -> None:
    assert worker_kills.audit is not None
    in_hand = {note["hand"] for note in worker_kills.notes.values() if note["activity"] == "deliver" and note["hand"]}
    assert len(in_hand) == 2
    # Others died with a mail in hand as well; whether the mail server had taken it is not known.
    assert in_hand <= worker_kills.lost
    assert len(in_hand) <= worker_kills.audit.mails_doubled <= len(worker_kills.lost)


def test_escalations_that_fall_due_while_nobody_is_there_come_when_somebody_is(worker_kills: WorkerKills) -> None:
    audit = worker_kills.audit
    assert audit is not None
    assert audit.escalations_came == audit.escalations_due >= len(worker_kills.in_cases) // 3


def test_closed_cases_are_archived_whole_wherever_the_archiver_dies(worker_kills: WorkerKills) -> None:
    for moment in worker_kills.moments:
        run = worker_kills.runs[f"archive-{moment}"]
        assert (run.failed, run.failures) == (0, ())
        assert worker_kills.archived[moment] == [FileState.SOUND] * 3


def test_a_report_is_mailed_twice_only_where_its_sender_died_before_noting_it_down(
    worker_kills: WorkerKills,
) -> None:
    smtp = Smtp.from_url("smtp://localhost", SENDER)
    came = Counter(str(mail["Message-ID"]) for mail in worker_kills.mails)
    runs = [run for name, run in worker_kills.runs.items() if "report" in name]
    assert {mail.status for run in runs for mail in run.mailed} <= {"sent", "known"}
    counts = [came[smtp.message_id(report_key(name, BOARD))] for name in {run.report.name for run in runs}]
    # Several companies have the same board, so what they send it bears the same Message-IDs; one sender was killed.
    assert sorted(counts) == [len(worker_kills.moments), len(worker_kills.moments) + 1]
