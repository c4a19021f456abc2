"""Cookies over https, and pages of other sites, in a real browser (R40)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from playwright.async_api import Browser
from starlette.responses import HTMLResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from starter.web.app import build_app
from starter.web.site import Site
from tests.starter.web.conftest import Portal, policy, portal, served
from tests.worker.ports import free_ports
from worker.installation.settings import Web
from worker.web.server import listen
from workflows.domain.vocabulary import LinkPurpose

__all__ = ["policy", "portal", "served"]

pytestmark = pytest.mark.xdist_group("browser")


@pytest.fixture
def certificate(tmp_path: Path, portal: Portal) -> tuple[Path, Path]:
    """Self-made, with its key."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(portal.now() - timedelta(days=9))
        .not_valid_after(portal.now() + timedelta(days=9))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    files = tmp_path / "certificate.pem", tmp_path / "key.pem"
    files[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    files[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, *private))
    return files


@asynccontextmanager
async def _serving(app: ASGIApp, port: int, certificate: tuple[Path, Path]) -> AsyncIterator[str]:
    config = uvicorn.Config(
        app, log_config=None, lifespan="off", ssl_certfile=certificate[0], ssl_keyfile=certificate[1]
    )
    server = uvicorn.Server(config)
    with listen("127.0.0.1", port) as listener:
        running = asyncio.create_task(server._serve([listener]))
        try:
            yield f"https://127.0.0.1:{port}"
        finally:
            server.should_exit = True
            await running


def _another_site(target: str) -> ASGIApp:
    """Whose page sends a form of ours, as if the customer had pressed its button."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        fields = "".join(
            f'<input type="hidden" name="{name}" value="{value}">'
            for name, value in (("choice", "confirm"), ("sure", "yes"), ("csrf", "0" * 64))
        )
        html = f'<form method="post" action="{target}{scope["path"]}">{fields}<button>send</button></form>'
        await HTMLResponse(html)(scope, receive, send)

    return app


async def test_over_https_cookies_are_of_this_host_alone_and_forms_of_other_sites_do_nothing(
    chromium: Browser, portal: Portal, certificate: tuple[Path, Path]
) -> None:
    ours, theirs = free_ports(2)
    site = Site(portal.settings.model_copy(update={"web": Web(port=ours)}), clock=portal.now)
    cycle = portal.case.case.reopened
    async with (
        _serving(build_app(site), ours, certificate) as address,
        _serving(_another_site(address), theirs, certificate) as evil,
        await chromium.new_context(ignore_https_errors=True, locale="zh-CN") as context,
    ):
        page = await context.new_page()
        await page.goto(f"{address}{await portal.link(LinkPurpose.CONFIRM, cycle)}")
        assert page.url == f"{address}/case"
        answer = await page.reload()
        assert answer is not None
        assert answer.headers["strict-transport-security"].startswith("max-age=")
        await page.goto(f"{address}/case?lang=en")
        cookies = {one["name"]: one for one in await context.cookies()}
        assert set(cookies) == {"__Host-bihuan", "bihuan-language"}
        for one in cookies.values():
            assert (one["secure"], one["httpOnly"], one["sameSite"]) == (True, True, "Lax")
            assert (one["path"], one["domain"]) == ("/", "127.0.0.1")
        # Of another host, and of this one on another port, which a browser calls the same site.
        for stranger in (evil.replace("127.0.0.1", "localhost"), evil):
            for path in ("/case/act", "/case/act/confirm", "/case/leave", "/case/supply", "/new/send"):
                await page.goto(f"{stranger}{path}")
                async with page.expect_navigation(url=f"{address}{path}") as going:
                    await page.click("button")
                refused = await going.value
                assert refused is not None
                assert refused.status == 403, (stranger, path)
                # A new cookie would take the place of the customer's.
                assert "set-cookie" not in refused.headers
        await page.goto(f"{address}/case")
        assert await page.locator("button[value=confirm]").count() == 1
        assert await page.evaluate("document.cookie") == ""
    await site.close()
