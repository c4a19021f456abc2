"""docs/settings.md explains every key of a mailbox, and none that there is not."""

from __future__ import annotations

import re

import pytest
from pydantic import BaseModel

from activities.mailbox.oauth2 import OAuth2Settings
from activities.mailbox.settings import MailboxSettings
from tests.docs.pages import ROOT, read, rows

_SECTION = read(ROOT / "docs" / "settings.md").split("\n## Mailboxes\n")[1].split("\n## ")[0]
_OWN, _BY_TOKEN = _SECTION.split("\nA mailbox by OAuth2")


def _keys(part: str) -> set[str]:
    """What stands in the first cells, and the files that the second ones offer instead."""
    found = [row for row in rows(part) if not row[0].startswith("`BIHUAN")]
    names = {name for row in found for name in re.findall(r"`([a-z_0-9]+)`", row[0])}
    return names | {name for row in found for name in re.findall(r"`([a-z_0-9]+_file)`", row[1])}


@pytest.mark.parametrize(("part", "model"), [(_OWN, MailboxSettings), (_BY_TOKEN, OAuth2Settings)])
def test_every_key_of_a_mailbox_is_explained_and_none_that_there_is_not(part: str, model: type[BaseModel]) -> None:
    assert _keys(part) == set(model.model_fields)


def test_the_page_has_the_defaults() -> None:
    fields = MailboxSettings.model_fields
    explained = {row[0].strip("`"): row[1] for row in rows(_OWN)}
    for name in ("folder", "poll", "tls"):
        assert f"`{fields[name].default}`" in explained[name]
