"""What only PostgreSQL can do otherwise to the pages and the API: streams of events, and text that it does not take."""

from __future__ import annotations

from pathlib import Path

import httpx2

from starter.services.identity.tokens import make_token
from tests.builders import NUMBER
from tests.starter.web.api.contract import Api
from tests.starter.web.conftest import Portal, open_portal
from tests.starter.web.listening import listening
from tests.starter.web.staff_door import signed_in


async def test_streams_and_pages_are_on_postgresql_what_they_are_on_sqlite(tmp_path: Path, tables_url: str) -> None:
    async with open_portal(tmp_path, database_url=tables_url) as portal:
        _, secret = await make_token(portal.settings, person="tech-001", system=None, now=portal.now())
        api, desk = Api(portal.address, secret), await signed_in(portal, "tech-001")
        try:
            await _is_told(portal, api, desk.client)
            await _takes_no_nul(portal, api)
        finally:
            await api.client.aclose()
            await desk.close()


async def _is_told(portal: Portal, api: Api, desk: httpx2.AsyncClient) -> None:
    """As it happens on either stream, and what was missed once somebody is back."""
    said: list[str] = []
    async with listening(api.client, "/events") as ear, listening(desk, "/desk/events", number=NUMBER) as other:
        await ear.begun()
        await portal.case.send("note", "tech-001", text="一")
        for one in (ear, other):
            told = await one.next()
            assert told.data is not None
            said.append(told.data["detail"]["text"])
    for text in ("二", "三"):
        await portal.case.send("note", "tech-001", text=text)
    async with listening(api.client, "/events", ear.last) as again:
        for _ in range(2):
            told = await again.next()
            assert told.data is not None
            said.append(told.data["detail"]["text"])
    assert said == ["一", "一", "二", "三"]


async def _takes_no_nul(portal: Portal, api: Api) -> None:
    """It takes no U+0000 as text, which would look like an outage."""
    for path, status in (("/cases/%00", 404), ("/cases?department=%00", 422), ("/events?number=%00", 422)):
        assert (await api.client.get(path)).status_code == status, path
    browser = portal.browser()
    await browser.open("/case")
    await browser.send("/case", number=f"{NUMBER}\0", contact="\0")
    assert browser.status == 404
    await browser.close()
