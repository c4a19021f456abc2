"""Staff sign in by the company's own sign-on, and no lie of it is believed (R45)."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from joserfc.jwk import RSAKey

from activities.channels.http import trusted
from starter.services.identity.tokens import audit_entries
from starter.web.server import serving_pages
from tests.activities.queries.test_customer_view import company, written
from tests.starter.web.browser import Browser
from tests.starter.web.conftest import Portal
from tests.starter.web.staff.sign_on_server import Lie, Provider, provider
from tests.worker.ports import free_ports
from worker.installation.installation import open_installation
from worker.installation.settings import Settings

_MAIL = next(one.email for one in company().people if one.id == "tech-001")


@pytest.fixture(scope="module")
def sign_on() -> Any:
    with provider(("tech", _MAIL), ("stranger", "stranger@example.org")) as one:
        yield one


@pytest.fixture(scope="module")
async def served_there(tmp_path_factory: pytest.TempPathFactory, sign_on: Provider) -> AsyncIterator[Portal]:
    oidc = {"issuer": sign_on.address, "client_id": "bihuan", "client_secret": "geheim", "name": "Example ID"}
    settings = Settings(
        data=tmp_path_factory.mktemp("sign-on"), web={"port": free_ports(1)[0]}, oidc=oidc,
        server={"synchronous": "normal"},
    )  # fmt: skip
    async with open_installation(settings, prepare=True) as installation:
        portal = Portal(settings, installation, await written(installation.database))
        async with serving_pages(settings, clock=portal.now):
            yield portal


@pytest.fixture
async def there(served_there: Portal, sign_on: Provider) -> AsyncIterator[Portal]:
    yield served_there
    sign_on.lie, sign_on.signed_by, sign_on.unsigned, sign_on.down = None, None, False, False
    sign_on.instead.clear()
    await served_there.forget_tries()
    for browser in served_there.browsers:
        await browser.close()
    served_there.browsers.clear()


async def begun(browser: Browser, path: str = "/desk") -> str:
    """The address at the provider that somebody is sent to."""
    await browser.open(f"/sign-in?to={path}")
    assert "Example ID" in browser.page.text
    answer = await browser.client.get(f"/sign-in/oidc?to={path}")
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


async def agreed(address: str, who: str = "tech") -> str:
    """The way back that the provider names, once they have signed in there."""
    async with httpx2.AsyncClient(trust_env=False, verify=trusted()) as client:
        answer = await client.post(address, data={"sub": who})
    assert answer.status_code == 302, answer.text
    parts = urlsplit(answer.headers["location"])
    return f"{parts.path}?{parts.query}"


async def test_the_sign_on_says_who_it_is_and_leads_back_to_the_page_asked_for(
    there: Portal, sign_on: Provider, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    browser = there.browser()
    address = await begun(browser, "/desk/sessions")
    asked = parse_qs(urlsplit(address).query)
    assert address.startswith(f"{sign_on.address}/")
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["response_type"] == ["code"]
    assert asked["redirect_uri"] == [f"{there.address}/sign-in/callback"]
    back = await agreed(address)
    await browser.open(back)
    assert browser.path == "/desk/sessions", browser.page.text
    assert "tech-001" in browser.page.text
    other = there.browser()
    await other.open(back)
    assert other.status == 403, "an answer is good once, and in the browser that asked"
    code = parse_qs(urlsplit(back).query)["code"][0]
    ours = [record.getMessage() for record in caplog.records if record.name.startswith(("bihuan", "httpx2"))]
    assert not [line for line in ours if code in line or "geheim" in line]
    entries = await audit_entries(there.settings, limit=100)
    assert any(entry.kind == "signed_in" and entry.detail["way"] == "oidc" for entry in entries)
    assert code not in str(entries)


async def test_two_tabs_sign_in_at_once_and_both_arrive(there: Portal) -> None:
    browser = there.browser()
    first, second = await begun(browser, "/desk"), await begun(browser, "/desk/sessions")
    backs = [await agreed(first), await agreed(second)]
    await browser.open(backs[0])
    assert browser.path == "/desk"
    await browser.open(backs[1])
    assert (browser.path, browser.status) == ("/desk/sessions", 200)


async def test_an_answer_in_another_browser_lets_nobody_in(there: Portal) -> None:
    victim, attacker = there.browser(), there.browser()
    back = await agreed(await begun(attacker))
    await victim.open("/sign-in")
    await victim.open(back)
    assert victim.status == 403
    await victim.open("/desk")
    assert victim.path == "/sign-in"


def claims(**changes: Any) -> Lie:
    return lambda header, told: (header, {**told, **changes})


def moved(**seconds: int) -> Lie:
    """Times that are so many seconds from when the provider speaks."""
    return lambda header, told: (header, {**told, **{name: told["iat"] + by for name, by in seconds.items()}})


_LIES: dict[str, tuple[Lie | None, dict[str, Any]]] = {
    "another issuer": (claims(iss="https://evil.example"), {}),
    "another audience": (claims(aud="another"), {}),
    "another nonce": (claims(nonce="replayed"), {}),
    "expired": (moved(iat=-4_000, exp=-600), {}),
    "ten minutes ahead": (moved(iat=600, nbf=600), {}),
    "without an end": (lambda header, told: (header, {k: v for k, v in told.items() if k != "exp"}), {}),
    "without a nonce": (lambda header, told: (header, {k: v for k, v in told.items() if k != "nonce"}), {}),
    "unverified address": (claims(email_verified=False), {}),
    "unverified address, in words": (claims(email_verified="false"), {}),
    "no address": (claims(email=None), {}),
    "an address list": (claims(email=[_MAIL]), {}),
    "another authorized party": (claims(aud=["bihuan", "x"], azp="x"), {}),
    "not signed": (None, {"unsigned": True}),
    "a foreign key": (None, {"signed_by": RSAKey.generate_key(2048, {"kid": "own"})}),
}


@pytest.mark.parametrize("lie", list(_LIES))
async def test_no_lie_of_the_provider_lets_anybody_in(there: Portal, sign_on: Provider, lie: str) -> None:
    browser = there.browser()
    back = await agreed(await begun(browser))
    sign_on.lie, more = _LIES[lie]
    for name, value in more.items():
        setattr(sign_on, name, value)
    await browser.open(back)
    assert browser.status == 403, browser.page.text
    await browser.open("/desk")
    assert browser.path == "/sign-in"
    refused = [one for one in await audit_entries(there.settings, limit=100) if one.kind == "sign_in_refused"]
    assert refused[-1].detail["way"] == "oidc"
    assert refused[-1].detail["reason"]


@pytest.mark.parametrize(
    "said", [b"[" * 100_000, b'"' + b"a" * 2_000_000, b"5", b"\xff", b'{"expires_in": 1e999}'], ids=range(5)
)
async def test_an_answer_of_the_provider_that_is_none_is_told_as_such_and_keeps_nothing_waiting(
    there: Portal, sign_on: Provider, said: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    browser = there.browser()
    back = await agreed(await begun(browser))
    sign_on.instead["token"] = said
    await browser.open(back)
    assert browser.status == 503, browser.page.text
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


@pytest.mark.parametrize("ahead", [-30, 30])
async def test_a_clock_that_is_half_a_minute_off_lets_people_in(there: Portal, sign_on: Provider, ahead: int) -> None:
    sign_on.lie = moved(iat=ahead, nbf=ahead)
    browser = there.browser()
    await browser.open(await agreed(await begun(browser)))
    assert browser.path == "/desk", browser.page.text


async def test_a_stranger_and_who_declines_are_let_in_nowhere(there: Portal) -> None:
    browser = there.browser()
    await browser.open(await agreed(await begun(browser), "stranger"))
    assert browser.status == 403
    address = await begun(browser)
    state = parse_qs(urlsplit(address).query)["state"][0]
    await browser.open(f"/sign-in/callback?error=access_denied&state={state}")
    assert browser.status == 403
    for query in ("", "?state=x&code=y", "?code=y", f"?state={'a' * 52}&code=z", "?state=%01&code=%27"):
        await browser.open(f"/sign-in/callback{query}")
        assert browser.status == 403
    assert not [one for one in await audit_entries(there.settings, limit=5) if one.kind == "signed_in"]


async def test_a_provider_that_is_away_or_names_another_issuer_is_told_and_nothing_is_sent_there(
    there: Portal, sign_on: Provider
) -> None:
    there.later(minutes=11)
    sign_on.down = True
    browser = there.browser()
    await browser.open("/sign-in/oidc")
    assert browser.status == 503
    sign_on.down = False
    for about in ({"issuer": "https://evil.example"}, {"token_endpoint": "http://evil.example/token"}):
        sign_on.about = about
        await browser.open("/sign-in/oidc")
        assert browser.status == 503, about
    sign_on.about = {}
