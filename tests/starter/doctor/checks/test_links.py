"""What keeps links out of messages, or makes those void that customers have, is named with the way out."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from activities.key_ring import Key, KeyRing
from activities.links.mark import Portal
from activities.links.store import remember_links
from starter.doctor.checks.links import links
from tests.activities.samples import NUMBER, register_case
from tests.starter.doctor.test_doctor import lines, prepared, wrong
from worker.installation.link_keys import make_link_keys
from worker.installation.settings import IsolatedSettings, Web
from workflows.domain.vocabulary import LinkPurpose

OLD, NEW = Key("2026-10", bytes(32)), Key("2026-11", bytes(range(32)))
URL = "https://service.example.com"


def settings(folder: Path, **given: Any) -> IsolatedSettings:
    return IsolatedSettings(data=folder / "data", **given)


def keys(*given: Key) -> SecretStr:
    return SecretStr(",".join(key.line() for key in given))


async def test_a_company_without_a_portal_is_told_that_messages_carry_no_link(tmp_path: Path) -> None:
    (told,) = await lines(links, settings(tmp_path))
    assert (told.status.value, told.todo) == ("ok", None)
    assert told.what == "no address of a portal is set: messages carry no link, they say the number"


async def test_an_address_without_keys_and_keys_without_an_address_are_named(tmp_path: Path) -> None:
    assert wrong(await lines(links, settings(tmp_path, link_keys=keys(NEW)))) == [
        (
            "warning", "link keys are set and BIHUAN_WEB__URL is not: messages carry no link",
            "set BIHUAN_WEB__URL to the address customers see",
        )
    ]  # fmt: skip
    addressed = settings(tmp_path, web=Web(url=URL))
    assert wrong(await lines(links, addressed)) == [
        (
            "warning",
            "BIHUAN_WEB__URL is set and there are no link keys: messages name the portal and carry no link",
            "set BIHUAN_LINK_KEYS as the workers have it; `bihuan up` makes a key in its data folder",
        )
    ]
    async with prepared(tmp_path, web=Web(url=URL)) as installation:
        make_link_keys(addressed, installation.now())
        (told,) = await lines(links, installation.settings)
        assert told.status.value == "ok"
        assert told.what.startswith(f"{URL}, key {installation.now():%Y-%m}-")


async def test_keys_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    found = wrong(await lines(links, settings(tmp_path, web=Web(url=URL), link_keys_file=tmp_path / "nowhere")))
    assert found == [
        (
            "fault", f"{tmp_path / 'nowhere'}: cannot be read: No such file or directory",
            "correct BIHUAN_LINK_KEYS or BIHUAN_LINK_KEYS_FILE",
        )
    ]  # fmt: skip


@pytest.mark.parametrize("configured", [(NEW,), (NEW, OLD)])
async def test_links_that_customers_have_and_whose_key_is_gone_are_counted(
    tmp_path: Path, configured: tuple[Key, ...]
) -> None:
    async with prepared(tmp_path, web=Web(url=URL), link_keys=keys(*configured)) as installation:
        await register_case(installation.database)
        portal = Portal(URL, KeyRing((OLD,)))
        async with installation.database.begin() as connection:
            for purpose in LinkPurpose:
                mark = portal.mark(0, purpose)
                assert mark is not None
                issued = portal.issued(mark, NUMBER, "a@example.com", installation.now())
                assert issued is not None
                valid = timedelta(days=30 if purpose is not LinkPurpose.RATE else -1)
                await remember_links(connection, [issued], valid)
        found = wrong(await lines(links, installation.settings))
    lost = (
        "warning",
        f"3 links that customers have were made with the key {OLD.fingerprint}, which is not configured: "
        "they open nothing",
        "put that key behind the first of BIHUAN_LINK_KEYS, unless somebody else may have it",
    )
    assert found == ([] if OLD in configured else [lost])
