"""Staff sign in by a link once, in a browser, as themselves; nobody else does (R45)."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

from activities.organisation.directory import Directory
from starter.services.identity.sessions import list_sessions, revoke_sessions
from starter.services.identity.sign_in import mails_links
from starter.services.identity.tokens import audit_entries
from starter.web.staff.back import safe_back
from tests.activities.queries.test_customer_view import company
from tests.builders import NUMBER
from tests.starter.web.conftest import Portal
from tests.starter.web.staff_door import link_for, signed_in
from worker.installation.settings import IsolatedSettings, Web
from workflows.domain.problem import Problem

_CASE = f"/desk/cases/{NUMBER}"


async def kinds(portal: Portal) -> list[tuple[str, str, Any]]:
    found = await audit_entries(portal.settings, limit=200)
    return [(entry.kind, entry.subject, entry.detail.get("reason")) for entry in found]


async def test_who_is_not_signed_in_is_asked_to_and_comes_back_to_the_page_asked_for(portal: Portal) -> None:
    browser = portal.browser()
    await browser.open(_CASE)
    assert browser.path == "/sign-in"
    assert f"to={_CASE}" in str(browser.page.request.url)
    assert "bihuan session new" in browser.page.text  # neither mail nor a sign-on here
    who = await signed_in(portal, "tech-001")
    await who.open(_CASE)
    assert who.path == _CASE
    await who.open(f"/sign-in?to={_CASE}")
    assert who.path == _CASE, "who is signed in goes on at once"


def test_a_company_may_have_no_links_mailed(portal: Portal) -> None:
    reached: dict[str, Any] = {
        "smtp_url": "smtp://127.0.0.1:9",
        "mail_from": "a@example.com",
        "web": Web(url="https://a.example.com"),
    }
    for mailed in (True, False):
        settings = IsolatedSettings(data=portal.settings.data, desk={"mailed_links": mailed}, **reached)
        assert mails_links(settings) is mailed


@pytest.mark.parametrize(
    "asked",
    ["//evil.example", "https://evil.example", "/\\evil.example", "/desk@evil.example", "/desk/../case", "/new",
     "javascript:alert(1)", "/desk/cases/x?a=//", "/desk\r\nSet-Cookie: a=b", "/desk" * 200, ""],
)  # fmt: skip
def test_sign_in_leads_to_no_page_but_the_staffs_own(asked: str) -> None:
    assert safe_back(asked) == "/desk"
    assert safe_back("/desk/cases/FB202405060001?did=a%3Ab") == "/desk/cases/FB202405060001?did=a%3Ab"
    assert safe_back("/board") == "/board"


async def test_a_link_is_used_up_by_its_button_and_not_by_what_looks_into_mails(portal: Portal) -> None:
    link = await link_for(portal, "tech-001")
    scanner = portal.browser()
    for _ in range(3):
        assert (await scanner.client.head(link)).status_code == 200
        await scanner.open(link)
    # A robot that sends the form without its button, or a form that no page of ours gave it.
    form = scanner.form(link)
    await scanner.post(link, form.fields)
    assert scanner.status == 403
    await portal.browser().post(link, {"do": "sign_in", "csrf": form.fields["csrf"]})
    browser = portal.browser()
    await browser.open(f"{link.upper().replace('/SIGN-IN/L/', '/sign-in/l/')}。")
    await browser.send(browser.path, press="sign_in")
    assert browser.path == "/desk"
    again = portal.browser()
    await again.open(link)
    assert again.status == 404
    assert "desk" not in again.path


async def test_of_two_who_press_at_once_one_is_let_in(portal: Portal) -> None:
    link = await link_for(portal, "tech-001")
    browsers = [portal.browser() for _ in range(6)]
    for browser in browsers:
        await browser.open(link)
    await asyncio.gather(*(browser.send(link, press="sign_in") for browser in browsers))
    assert sorted(browser.path == "/desk" for browser in browsers) == [False] * 5 + [True]


async def test_a_link_and_a_session_are_over_in_time_and_so_is_one_that_lies_idle(portal: Portal) -> None:
    link = await link_for(portal, "tech-001")
    who, busy = await signed_in(portal, "tech-001"), await signed_in(portal, "tech-002")
    portal.later(minutes=16)
    late = portal.browser()
    await late.open(link)
    assert late.status == 404
    for _ in range(4):
        portal.later(days=6)
        await busy.open("/desk")
        assert busy.path == "/desk"
    await who.open("/desk")
    assert who.path == "/sign-in", "seven days without a request"
    portal.later(days=6)
    await busy.open("/desk")
    assert busy.path == "/sign-in", "thirty days at the most"


async def test_revoked_left_and_signed_out_are_out_from_the_next_request_on(portal: Portal) -> None:
    one, other = await signed_in(portal, "tech-001"), await signed_in(portal, "tech-001")
    await one.open("/desk/sessions")
    await one.send("/sign-out", press="here")
    await one.open("/desk")
    assert one.path == "/sign-in"
    await other.open("/desk")
    assert other.path == "/desk"
    await revoke_sessions(portal.settings, "tech-001")
    await other.open("/desk")
    assert other.path == "/sign-in"
    with pytest.raises(Problem, match="is no session that is open"):
        await revoke_sessions(portal.settings, "tech-001")
    third, fourth = await signed_in(portal, "tech-001"), await signed_in(portal, "tech-001")
    await third.open("/desk/sessions")
    await third.send("/sign-out", press="everywhere")
    await fourth.open("/desk")
    assert fourth.path == "/sign-in"
    gone = await signed_in(portal, "tech-002")
    whole = company()
    without = whole.model_copy(update={"people": tuple(one for one in whole.people if one.id != "tech-002")})
    directory = Directory(portal.installation.database)
    await directory.load(type(whole).model_validate(without.model_dump()))
    try:
        await gone.open("/desk")
        assert gone.path == "/sign-in"
        states = {session.person: state for session, state in await list_sessions(portal.settings)}
        assert states["tech-002"] == "left"
    finally:
        await directory.load(whole)
    told = [kind for kind, *_ in await kinds(portal)]
    assert {"signed_in", "signed_out", "session_revoked", "sign_in_link_made"} <= set(told)


async def test_a_session_is_a_new_cookie_of_this_host_that_no_script_reads(portal: Portal) -> None:
    browser, link = portal.browser(), await link_for(portal, "tech-001")
    await browser.open(link)
    before = browser.client.cookies["bihuan-desk"]
    answer = await browser.client.post(link, data={**browser.form(link).fields, "do": "sign_in"})
    (cookie,) = answer.headers.get_list("set-cookie")
    assert before not in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Domain" not in cookie
    proxied = await browser.client.get("/sign-in", headers={"Cookie": ""})
    assert "Secure" not in str(proxied.headers.get_list("set-cookie")), "http on this machine"
    assert before not in str(portal.settings.database)


@pytest.mark.parametrize("cookie", ["a" * 64, "x" * 5000, "' OR 1=1 --", "０" * 64, ""])
async def test_a_cookie_of_another_installation_or_of_nonsense_opens_nothing(portal: Portal, cookie: str) -> None:
    browser = portal.browser()
    answer = await browser.client.get("/desk", headers={b"Cookie": f"bihuan-desk={cookie}".encode()})
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in")


async def test_the_customers_cookie_is_none_of_the_staff_and_the_other_way_round(portal: Portal) -> None:
    who = await signed_in(portal, "tech-001")
    cookie = who.client.cookies["bihuan-desk"]
    browser = portal.browser()
    answer = await browser.client.get("/desk", headers={"Cookie": f"bihuan={cookie}"})
    assert answer.status_code == 303
    answer = await browser.client.get("/api/v1/me", headers={"Cookie": f"bihuan-desk={cookie}"})
    assert answer.status_code == 401


async def test_no_secret_of_a_sign_in_is_in_a_log_or_the_audit(
    portal: Portal, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    link = await link_for(portal, "tech-001")
    browser = portal.browser()
    await browser.open(link)
    await browser.send(link, press="sign_in")
    secret, cookie = link.rpartition("/")[2], browser.client.cookies["bihuan-desk"]
    ours = [record.getMessage() for record in caplog.records if not record.name.startswith(("httpx", "httpcore"))]
    assert any("/sign-in/l/…" in line for line in ours)
    for hidden in (secret, cookie):
        assert not [line for line in ours if hidden in line]
        assert hidden not in str(await audit_entries(portal.settings, limit=1_000))


async def test_wrong_links_are_counted_and_fill_no_log(portal: Portal) -> None:
    browser, before = portal.browser(), len(await kinds(portal))
    for _ in range(34):
        await browser.open(f"/sign-in/l/{'a' * 52}")
    assert browser.status == 429
    assert len(await kinds(portal)) - before <= 30
