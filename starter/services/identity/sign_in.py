"""One-time links by which people of the organisation sign in: asked for and mailed, made by an operator, used (R45)."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from activities.identity.audit import note
from activities.identity.sign_ins import LIFE, SignIn, SignIns
from activities.messages.sign_in_mail import sign_in_mail
from starter.services.identity.tokens import shell_user
from worker.composition_root import build_transports
from worker.installation.installation import open_installation
from workflows.domain.problem import Problem
from workflows.domain.vocabulary import AuditKind, Contact, SignInWay

if TYPE_CHECKING:
    from worker.installation.installation import Installation
    from worker.installation.settings import Settings
    from workflows.domain.organisation.organisation import Organisation, Person

LINK_PATH: Final = "/sign-in/l/"
"""Before the secret, behind the address of the pages."""
_MOST: Final = 5
"""Links that one person is sent within their life. More would help nobody: those that are there are good, whichever
browser they are opened in, so nobody is kept out by others who ask for them.
"""
_log = logging.getLogger("bihuan.web")


def mails_links(settings: Settings) -> bool:
    """Whether links can be mailed here at all."""
    reaches = settings.smtp_url is not None and bool(settings.mail_from) and settings.web.url is not None
    return reaches and settings.desk.mailed_links


def person_of_address(organisation: Organisation | None, address: str) -> Person | None:
    """Whoever has that mail address, alone; None where nobody has, or several."""
    wanted = address.strip().casefold()
    if organisation is None or not wanted:
        return None
    found = [person for person in organisation.people if person.email.casefold() == wanted]
    return found[0] if len(found) == 1 else None


async def mail_link(
    installation: Installation, address: str, *, browser: str, back: str, now: datetime, where: str
) -> None:
    """Mail a link to whoever has that address; nothing to anybody else. Who asks is not told which.

    Raises:
        DeliveryError: the mail server does not take it now.
        Problem: the record cannot be used now.
    """
    organisation = await installation.directory.current()
    person = person_of_address(organisation, address)
    if person is None or organisation is None:
        async with installation.database.begin() as connection:
            await note(
                connection, AuditKind.SIGN_IN_REFUSED, now, actor=where, subject="unknown", way=SignInWay.MAIL.value,
                reason="unknown address",
            )  # fmt: skip
        return
    sign_ins = SignIns(installation.database)
    if await sign_ins.of_person(person.id, now - LIFE) >= _MOST:
        _log.warning("%s was sent %d links to sign in within %s; no further one for now", person.id, _MOST, LIFE)
        return
    secret = await sign_ins.begin(SignInWay.MAIL, browser=browser, back=back, now=now, person=person.id)
    settings = installation.settings
    envelope = sign_in_mail(
        person, f"{settings.web.url}{LINK_PATH}{secret}", organisation.company.model_dump(),
        templates=settings.templates, minutes=int(LIFE.total_seconds() // 60),
        zone=installation.policy.calendar.zone,
    )  # fmt: skip
    async with build_transports(settings)[Contact.EMAIL].connect() as connection:
        await connection.send(envelope)


async def find_link(installation: Installation, secret: str, *, browser: str, now: datetime) -> SignIn | None:
    """What a link is good for, which is not used up by looking."""
    found = await SignIns(installation.database).find(secret, browser, now)
    return found if found is not None and found.way is not SignInWay.OIDC else None


async def use_link(
    installation: Installation, secret: str, *, browser: str, address: str, now: datetime
) -> SignIn | None:
    """Use it up; None where it is good for nothing. From another browser than the one that asked for it the person's
    own mail `address` has to be typed, since programs that look into mails press buttons, too.
    """
    found = await find_link(installation, secret, browser=browser, now=now)
    organisation = await installation.directory.current()
    person = organisation.person(found.person) if organisation is not None and found and found.person else None
    if found is None or person is None:
        return None
    if needs_address(found) and person.email.casefold() != address.strip().casefold():
        return None
    return await SignIns(installation.database).use(secret, browser, now)


def needs_address(link: SignIn) -> bool:
    """Whether the one who opens it has to type their mail address."""
    return link.way is SignInWay.MAIL and not link.same_browser


async def make_link(
    settings: Settings, person: str, *, back: str = "/desk", now: datetime | None = None
) -> tuple[str, timedelta]:
    """A link for a person, made by the operator, such as where there is no mail; and how long it is good.

    Raises:
        Problem: nobody of the organisation has that id, or the record cannot be used now.
    """
    now = now or datetime.now(UTC)
    async with open_installation(settings) as installation:
        organisation = await installation.directory.current()
        if organisation is None or organisation.person(person) is None:
            raise Problem(f"{person}: is not in the organisation; allowed: the id of a person")
        sign_ins = SignIns(installation.database)
        secret = await sign_ins.begin(SignInWay.OPERATOR, browser="", back=back, now=now, person=person)
        async with installation.database.begin() as connection:
            await note(connection, AuditKind.LINK_MADE, now, actor=shell_user(), subject=person)
    address = settings.web.url or f"http://{settings.web.ip}:{settings.web.port}"
    return f"{address}{LINK_PATH}{secret}", LIFE
