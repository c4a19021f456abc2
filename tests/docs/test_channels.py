"""docs/settings.md explains every key of every kind of channel."""

from __future__ import annotations

import re

import pytest

from activities.channels.settings import KINDS
from activities.channels.sms_template import CODE, FACTS, SmsTemplate
from tests.docs.pages import ROOT, read, rows

_PAGE = read(ROOT / "docs" / "settings.md")
_ROWS = {row[0].strip("`"): set(re.findall(r"`([a-z_]+)`", row[1])) for row in rows(_PAGE)}


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_key_of_a_channel_is_explained(kind: str) -> None:
    keys = {name for name in KINDS[kind].model_fields if name != "kind" and not name.endswith("_file")}
    assert keys <= _ROWS[kind] | _ROWS["all"]


def test_every_key_and_variable_of_a_template_is_explained() -> None:
    assert set(SmsTemplate.model_fields) <= _ROWS.keys()
    variables = next(row for row in rows(_PAGE) if row[0] == "`variables`")
    assert {*FACTS, CODE} <= set(re.findall(r"`([a-z_]+)`", variables[1]))
