"""The tables of the record, for SQLite and PostgreSQL alike: all of them, so that `metadata` is whole.

The database holds the content (who, what, in which words); the workflow holds the facts decisions need.
Every time is an aware UTC datetime, every document JSON. Each table is made in `activities.database.schema`.
"""

from __future__ import annotations

from activities.database.schema.arrivals import file, incoming_mail, mailbox_state
from activities.database.schema.cases import (
    archive,
    case_record,
    correction,
    day_serial,
    registration,
    settlement,
    timeline,
)
from activities.database.schema.columns import SoundJson, UtcDateTime, metadata
from activities.database.schema.company import installation, organisation
from activities.database.schema.identity import api_request, audit, sign_in, staff_session, token
from activities.database.schema.knowledge import article
from activities.database.schema.messages import link, outbox
from activities.database.schema.portal import intake_draft, one_time_code, web_session, web_tries
from activities.database.schema.reviews import review, review_case, review_timeline

__all__ = [
    "SoundJson",
    "UtcDateTime",
    "api_request",
    "archive",
    "article",
    "audit",
    "case_record",
    "correction",
    "day_serial",
    "file",
    "incoming_mail",
    "installation",
    "intake_draft",
    "link",
    "mailbox_state",
    "metadata",
    "one_time_code",
    "organisation",
    "outbox",
    "registration",
    "review",
    "review_case",
    "review_timeline",
    "settlement",
    "sign_in",
    "staff_session",
    "timeline",
    "token",
    "web_session",
    "web_tries",
]
