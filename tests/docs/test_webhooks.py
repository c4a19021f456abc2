"""docs/settings.md explains every key of a webhook, and docs/webhooks.md names only events that there are."""

from __future__ import annotations

import json
import re

from activities.webhooks.settings import EVENTS, WebhookSettings
from tests.docs.pages import ROOT, read, rows

_KEYS = {row[0].strip("*`") for row in rows(read(ROOT / "docs" / "settings.md"))}
_PAGE = read(ROOT / "docs" / "webhooks.md")


def test_every_key_of_a_webhook_is_explained() -> None:
    assert {name for name in WebhookSettings.model_fields if not name.endswith("_file")} <= _KEYS


def test_the_events_that_are_named_are_events_of_a_case() -> None:
    listed = re.search(r"- `type` is .*?: (.*) and the others", _PAGE)
    named = [*re.findall(r"`(\w+)`", listed[1] if listed else ""), *re.findall(r'"kind": "(\w+)"', _PAGE)]
    (asked,) = re.findall(r"^events = (\[.*\])$", _PAGE, re.MULTILINE)
    assert len(named) > 8
    assert {*named, *json.loads(asked)} <= set(EVENTS)
