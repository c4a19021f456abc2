"""The pages' own server: its port, the names it answers to, https by a proxy, and what its log says (R40)."""

from __future__ import annotations

import logging
import socket

import httpx2
import pytest

from starter.web.security import shown_path
from starter.web.server import serving_pages
from tests.builders import NUMBER
from tests.starter.web.conftest import Portal
from tests.worker.ports import free_ports
from worker.installation.settings import Settings, Web, load_settings
from workflows.domain.problem import Problem
from workflows.domain.vocabulary import LinkPurpose


async def test_a_port_that_is_taken_is_one_line(portal: Portal) -> None:
    port = portal.settings.web.port
    with pytest.raises(Problem) as refused:
        async with serving_pages(portal.settings):
            pass
    said = f"the pages cannot listen on 127.0.0.1 port {port} (Address already in use); choose another with "
    assert str(refused.value) == f"{said}--web-port or BIHUAN_WEB__PORT"


async def test_only_names_of_ours_are_answered(portal: Portal) -> None:
    web = Web(port=free_ports(1)[0], url="https://service.example.com")
    async with (
        serving_pages(portal.settings.model_copy(update={"web": web})) as address,
        httpx2.AsyncClient() as client,
    ):
        for host, status in (("service.example.com", 200), ("localhost", 200), ("evil.example", 421)):
            assert (await client.get(address, headers={"Host": host})).status_code == status


async def test_an_address_that_is_none_is_said_so_also_before_any_page_was_shown(portal: Portal) -> None:
    web = Web(port=free_ports(1)[0])
    async with (
        serving_pages(portal.settings.model_copy(update={"web": web})) as address,
        httpx2.AsyncClient() as client,
    ):
        assert (await client.get(f"{address}/nothing")).status_code == 404


async def test_https_by_a_proxy_makes_the_cookie_one_of_this_host_alone(portal: Portal) -> None:
    web = Web(port=free_ports(1)[0], url="https://service.example.com", proxies="127.0.0.1")
    link = await portal.link(LinkPurpose.SEE)
    async with (
        serving_pages(portal.settings.model_copy(update={"web": web})) as address,
        httpx2.AsyncClient() as client,
    ):
        headers = {"Host": "service.example.com", "X-Forwarded-Proto": "https"}
        answer = await client.get(f"{address}{link}", headers=headers)
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith("__Host-bihuan=")
        assert all(word in cookie for word in ("Secure", "HttpOnly", "Path=/", "SameSite=lax"))
        assert "Domain" not in cookie
        assert answer.headers["strict-transport-security"] == "max-age=31536000"
        page = await client.get(f"{address}/case", headers={**headers, "Cookie": cookie.partition(";")[0]})
        assert NUMBER in page.text
        # The plain name is not believed where there is the other.
        plain = cookie.partition(";")[0].removeprefix("__Host-")
        page = await client.get(f"{address}/case", headers={**headers, "Cookie": plain})
        assert NUMBER not in page.text


async def test_no_log_has_the_token_of_a_link_or_what_was_typed(
    portal: Portal, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    link = await portal.link(LinkPurpose.CONFIRM)
    browser = portal.browser()
    for path in (link, f"{link}。", f"{link}/x?y=1", f"/l/{'z' * 400}", f"/files/{'f' * 32}", f"/case?token={link}"):
        await browser.open(path)
    await browser.send("/case/act", press="refuse")
    await browser.send("/case/act/refuse", text="秘密的原因")
    ours = [record.getMessage() for record in caplog.records if not record.name.startswith(("httpx2", "httpcore2"))]
    said = "\n".join(ours)
    assert "GET /l/…" in said
    for secret in (link.removeprefix("/l/"), "zzzz", "ffff", "秘密", "y=1"):
        assert secret not in said
    assert shown_path("/a\nb") == "…"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("PROXIES", "proxy.example", "allowed: ip, port, url"),
        ("PROXIES", "10.0.0.0/99", "does not appear to be an IPv4 or IPv6 network"),
        ("PORT", "70000", "less than or equal to 65535"),
        ("PROT", "1", "no such setting; did you mean BIHUAN_WEB__PORT?"),
    ],
)
def test_settings_that_cannot_be_are_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str) -> None:
    monkeypatch.setenv(f"BIHUAN_WEB__{name}", value)
    with pytest.raises(Problem) as refused:
        load_settings()
    assert said in str(refused.value)
    assert f"BIHUAN_WEB__{name}" in str(refused.value)


def test_the_pages_listen_on_this_machine_alone_unless_told(tmp_path_factory: pytest.TempPathFactory) -> None:
    web = Settings(data=tmp_path_factory.mktemp("data")).web
    assert (web.ip, web.port, web.trusted_proxies) == ("127.0.0.1", 8080, [])
    assert socket.inet_aton(web.ip)
