"""A browser of somebody of the staff, signed in by a link that the operator made; and its forms."""

from __future__ import annotations

from typing import Any

from starter.demo.browser import WebForm
from starter.services.identity.sign_in import make_link
from tests.starter.web.browser import Browser, forms_of
from tests.starter.web.conftest import Portal


async def link_for(portal: Portal, person: str) -> str:
    """The path of a link by which that person signs in."""
    link, _ = await make_link(portal.settings, person, now=portal.now())
    return link.removeprefix(portal.address)


async def signed_in(portal: Portal, person: str, **headers: str) -> Browser:
    """That person, at the start of the desk."""
    browser = portal.browser(**headers)
    link = await link_for(portal, person)
    await browser.open(link)
    await browser.send(link, press="sign_in")
    assert browser.path == "/desk", browser.page.text
    return browser


def action_form(browser: Browser, command: str, task: str | None = None) -> WebForm | None:
    """The form of an action on the page of a case, or of that department's `task`; None where it is not open."""
    for form in forms_of(browser.page.text):
        if (form.fields.get("command"), form.fields.get("department")) == (command, task):
            return form
    return None


async def act(browser: Browser, command: str, task: str | None = None, **fields: Any) -> str:
    """Fill in the form of an action, or of that department's `task`, and send it."""
    form = action_form(browser, command, task)
    assert form is not None, f"{command} is not open: {browser.page.text}"
    return await browser.post(form.action, {**form.fields, **fields})
