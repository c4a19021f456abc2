"""django-helpdesk with so many open tickets, and what one pass of its `escalate_tickets` costs.

    python desk.py FOLDER TICKETS DUE      fill a SQLite database in FOLDER, measure passes, print JSON
    python desk.py FOLDER                  one pass over what is there, as cron starts it

It runs in a virtual environment of its own (see `benchmarks.peer`) and knows nothing of bihuan.
"""

from __future__ import annotations

import json
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.core import mail
from django.core.management import call_command
from django.db import connection

_BATCH = 1_000
_DAYS = 2
"""Age of what is due; a queue escalates in whole days."""
urlpatterns: list[Any] = []


def set_up(folder: Path) -> None:
    """Its defaults, but for a database in a file and mails that stay in memory."""
    settings.configure(
        SECRET_KEY="benchmark",  # noqa: S106 - of a database that is thrown away
        USE_TZ=True,
        INSTALLED_APPS=[
            "django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions", "django.contrib.sites",
            "django.contrib.messages", "django.contrib.admin", "django.contrib.humanize", "rest_framework", "helpdesk",
        ],
        SITE_ID=1,
        ROOT_URLCONF=__name__,
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(folder / "desk.sqlite3")}},
        EMAIL_BACKEND="django.core.mail.backends.locmem.EmailBackend",
        DEFAULT_FROM_EMAIL="support@example.com",
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        HELPDESK_TEAMS_MODEL="auth.Group",
        HELPDESK_TEAMS_MIGRATION_DEPENDENCIES=[],
        HELPDESK_TEAMS_MODE_ENABLED=False,
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
    )  # fmt: skip
    django.setup()
    from django.urls import include, path

    # Its mails name the address of a ticket.
    urlpatterns.append(path("", include("helpdesk.urls", namespace="helpdesk")))


def run_pass() -> dict[str, float]:
    """One pass: seconds elapsed, seconds of processor time, queries, tickets escalated, mails."""
    from helpdesk.models import FollowUp

    queries = 0

    def count(execute: Any, *arguments: Any) -> Any:
        nonlocal queries
        queries += 1
        return execute(*arguments)

    before, mail.outbox = FollowUp.objects.count(), []
    begun, used = time.perf_counter(), time.process_time()
    with connection.execute_wrapper(count):
        call_command("escalate_tickets")
    return {
        "seconds": round(time.perf_counter() - begun, 4),
        "cpu_seconds": round(time.process_time() - used, 4),
        "queries": queries,
        "escalated": FollowUp.objects.count() - before,
        "mails": len(mail.outbox),
    }


def fill(tickets: int, due: int) -> Any:
    """A queue that escalates after a day, with open tickets of now; answers what makes `due` more, of long ago."""
    from django.contrib.auth.models import User
    from django.utils import timezone
    from helpdesk.models import Queue, Ticket

    call_command("migrate", verbosity=0)
    call_command("loaddata", "emailtemplate.json", verbosity=0)
    queue = Queue.objects.create(title="Support", slug="support", escalate_days=1, email_address="support@example.com")
    agent = User.objects.create_user("agent", "agent@example.com", "x", is_staff=True)
    now = timezone.now()

    def create(count: int, age: timedelta, **more: Any) -> None:
        newest = Ticket.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        for first in range(0, count, _BATCH):
            Ticket.objects.bulk_create(
                Ticket(
                    title=f"Ticket {first + index}", queue=queue, status=Ticket.OPEN_STATUS, assigned_to=agent,
                    submitter_email="kehu@example.com", description="It does not print.", secret_key="k",  # noqa: S106
                    **{"priority": 3, **more},
                )
                for index in range(min(_BATCH, count - first))
            )  # fmt: skip
        Ticket.objects.filter(pk__gt=newest).update(created=now - age)

    create(tickets - due, timedelta(0))

    def fall_due() -> None:
        create(due, timedelta(days=_DAYS))
        # Neither of these is to escalate: one waits, the other has the highest priority already.
        create(1, timedelta(days=_DAYS), on_hold=True)
        create(1, timedelta(days=_DAYS), priority=1)

    return fall_due


def main(tickets: int, due: int) -> None:
    """Measure: with nothing due, with `due` due, and again at once."""
    fall_due = fill(tickets, due)
    run_pass()
    quiet = [run_pass() for _ in range(3)]
    fall_due()
    print(
        json.dumps({
            "tickets": tickets,
            "due": due,
            "nothing_due": min(quiet, key=lambda one: one["seconds"]),
            "due_pass": run_pass(),
            "again": run_pass(),
        })
    )  # fmt: skip


if __name__ == "__main__":
    set_up(Path(sys.argv[1]))
    if len(sys.argv) > 2:
        main(int(sys.argv[2]), int(sys.argv[3]))
    else:
        call_command("escalate_tickets")
