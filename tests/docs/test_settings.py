"""docs/settings.md names every setting with its default, and none that there is not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from enum import Enum
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from tests.docs.pages import PAGES, ROOT, name, read, rows
from worker.installation.config_file import CONFIG_VARIABLE, PERSON_VARIABLE, PREFIX, SERVER_VARIABLES
from worker.installation.settings import Settings
from workflows.domain.formats import written_duration


def _settings(model: type[BaseModel], above: str = PREFIX) -> Iterator[tuple[str, Any]]:
    for key, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _settings(field.annotation, f"{above}{key.upper()}__")
        else:
            yield f"{above}{key.upper()}", field.default


def _written(default: Any) -> str:
    if default is None:
        return "–"
    if isinstance(default, timedelta):
        return written_duration(default.total_seconds())
    return (
        f"{default:g}" if isinstance(default, float) else str(default.value if isinstance(default, Enum) else default)
    )


_THERE_ARE = {
    **{key: _written(default) for key, default in _settings(Settings)},
    CONFIG_VARIABLE: "bihuan.toml",
    **dict.fromkeys((PERSON_VARIABLE, *SERVER_VARIABLES), "–"),
}
_EXPLAINED = {
    row[0].strip("`"): row for row in rows(read(ROOT / "docs" / "settings.md")) if row[0].startswith(f"`{PREFIX}")
}


def test_every_setting_is_explained_and_none_that_there_is_not() -> None:
    assert sorted(_EXPLAINED) == sorted(_THERE_ARE)


@pytest.mark.parametrize("setting", sorted(_THERE_ARE))
def test_the_page_has_the_default(setting: str) -> None:
    assert _EXPLAINED[setting][1].strip("`") == _THERE_ARE[setting]


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_no_page_names_a_setting_that_there_is_not(page: Path) -> None:
    known = {*_THERE_ARE, "BIHUAN_TEST_POSTGRESQL", "BIHUAN_TEST_SCREENSHOTS"}
    groups = {key.partition("__")[0] for key in known if "__" in key}
    # Channels, mailboxes and webhooks have names of a company's own; those of channels: tests/docs/test_channels.py.
    named = {
        found.removesuffix("__")
        for found in re.findall(rf"\b{PREFIX}[A-Z_]*", read(page))
        if not re.search("(CHANNELS|MAILBOXES|WEBHOOKS)__", found)
    } - {PREFIX}
    assert sorted(named - known - groups) == []
