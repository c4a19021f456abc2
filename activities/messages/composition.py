"""Notices of a case turned into outbox rows: rendered, in the reader's language, with a way to go (R4, R20)."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from activities.delivery.outbox import without_link
from activities.delivery.status import OutboxStatus
from activities.delivery.transport import Transports
from activities.knowledge.suggestion import Suggestions
from activities.links.mark import LinkMark, Portal
from activities.messages.facts import message_facts
from activities.messages.renderer import Recipient, RenderContext, Rendered, Renderer, without_table
from activities.messages.routing import Route, route_to_customer, routes_to_person
from activities.messages.ways import CARRYING, purpose_of
from workflows.domain.case.view import CaseView
from workflows.domain.event import Event, Notice, key_of
from workflows.domain.model import Json
from workflows.domain.organisation.organisation import Organisation
from workflows.domain.policy.delivery import DeliveryRule, first_rule
from workflows.domain.time.calendar import Calendar
from workflows.domain.vocabulary import Audience, Contact

logger = logging.getLogger(__name__)
NO_TEMPLATE: Final = "no template"
"""How the error of a message begins that no channel to the customer can say; others may well be said there."""


@dataclass(frozen=True)
class Composition:
    """Everything the messages of one step speak of.

    `form` holds what was supplied in this step, too; `labels` are the policy's, the organisation's own go before
    them; `at` is the case's time now; `suggestions` are what a new owner should know of; `portal` is what links are
    made with; `rules` say which messages go by which channels.
    """

    view: CaseView
    form: Json
    organisation: Organisation | None
    labels: dict[str, dict[str, str]]
    calendar: Calendar
    renderer: Renderer
    transports: Transports
    at: datetime
    suggestions: Suggestions | None = None
    portal: Portal = field(default_factory=Portal)
    rules: tuple[DeliveryRule, ...] = ()

    def rows(self, told: Mapping[str, tuple[Event, Notice]], texts: Mapping[str, str]) -> list[dict[str, Any]]:
        """The outbox rows of notices by key, in their order. `texts` are those of earlier rows that a person has to
        tell the customer: such a task says word by word what is to be told (R43).
        """
        rows = {
            key: self._rows(event, notice)
            for key, (event, notice) in told.items()
            if notice.audience is Audience.CUSTOMER
        }
        said = {
            **texts,
            **{key: without_link(row["text"], row["link"], self.portal.url) for key, (row, *_) in rows.items()},
        }
        for key, (event, notice) in told.items():
            if key not in rows:
                rows[key] = self._rows(event, _with_words(notice, said))
        return [row for key in told for row in rows[key]]

    def _rows(self, event: Event, notice: Notice) -> list[dict[str, Any]]:
        """The row of a notice, and one for each copy that goes besides; a copy's key ends with its channel."""
        main, *copies = self._routes(notice)
        row = self._row(event, notice, main)
        return [row, *({**self._row(event, notice, one), "key": copy_key(row["key"], one.channel)} for one in copies)]

    def _row(self, event: Event, notice: Notice, route: Route) -> dict[str, Any]:
        """The outbox row of a notice. To staff, a message that cannot be rendered is told by its number and name alone;
        to a customer that says nothing, so a person tells them instead.
        """
        mark = self._mark(notice, route)
        rendered, facts = self._rendered(event, notice, route, mark)
        status, problem = self._status(notice, route, rendered)
        return {
            "key": key_of(self.view.number, notice),
            "number": self.view.number,
            "sequence": event.sequence,
            "event": event.kind.value,
            "message": notice.message.value,
            "audience": notice.audience.value,
            "recipient": notice.recipient,
            "channel": route.channel,
            "address": route.address,
            "name": route.name,
            "locale": route.locale.value,
            "subject": rendered.subject,
            "text": rendered.text,
            "html": rendered.html,
            "short": rendered.short,
            "link": mark.model_dump(mode="json") if mark is not None and mark.text in rendered.text else None,
            "facts": facts,
            "others": [list(way) for way in route.others] or None,
            "status": status.value,
            "attempts": 0,
            "error": problem,
            "created_at": self.at,
        }

    def _status(self, notice: Notice, route: Route, rendered: Rendered) -> tuple[OutboxStatus, str | None]:
        """The status that a row begins with, and why. What cannot reach a customer has failed, and its case hears of
        it, unless the case knew and has asked a person already.
        """
        if notice.by_person:
            return OutboxStatus.UNTOLD, rendered.problem
        if notice.audience is Audience.CUSTOMER and self.transports:
            if route.untemplated:
                return OutboxStatus.FAILED, f"{NO_TEMPLATE} for this message at any channel to the customer"
            if not route.deliverable:
                return OutboxStatus.FAILED, f"no way to the customer: {route.channel} is not set up, or unknown"
            if rendered.is_empty:
                return OutboxStatus.FAILED, rendered.problem
        return (OutboxStatus.PENDING if route.deliverable else OutboxStatus.STORED), rendered.problem

    def _routes(self, notice: Notice) -> list[Route]:
        person = self.organisation.person(notice.recipient) if self.organisation else None
        department = person.department if person else None
        hour = self.calendar.local(self.at).time()
        rule = first_rule(self.rules, notice.audience, notice.message, self.view.priority, department, at=hour)
        if notice.audience is Audience.CUSTOMER:
            return [route_to_customer(self.form, self.transports, rule, notice.message)]
        return routes_to_person(person, notice.recipient, self.transports, rule, notice.message)

    def _mark(self, notice: Notice, route: Route) -> LinkMark | None:
        """What stands for the customer's link; None where the message carries none, or reaches nobody by itself."""
        is_customers = notice.audience is Audience.CUSTOMER
        purpose = purpose_of(notice.message, self.view.status) if is_customers else None
        carries = CARRYING & {route.channel, *(way.channel for way in route.others)}
        is_sent = carries and not notice.by_person and (route.deliverable or not self.transports)
        return self.portal.mark(self.view.reopened, purpose) if purpose is not None and is_sent else None

    def _rendered(
        self, event: Event, notice: Notice, route: Route, mark: LinkMark | None
    ) -> tuple[Rendered, dict[str, str]]:
        organisation = self.organisation
        try:
            context = RenderContext(
                number=self.view.number,
                view=self.view,
                form=self.form,
                recipient=Recipient(
                    id=notice.recipient, name=route.name, locale=route.locale, audience=notice.audience
                ),
                names=organisation.names() if organisation else {},
                labels=self.labels | (organisation.labels() if organisation else {}),
                company=organisation.company.model_dump() if organisation else {},
                calendar=self.calendar,
                at=event.at,
                suggestions=self.suggestions,
                portal=self.portal.url,
                link=mark.text if mark else "",
                mailbox=self.portal.mailbox and route.channel == Contact.EMAIL,
            )
            return self.renderer.render(notice, context), message_facts(context, notice.audience)
        except Exception as error:  # no template may ever keep a case from going on
            logger.exception("%s of %s could not be rendered", notice.message.value, self.view.number)
            subject = f"{self.view.number} · {notice.message.value}"
            problem = " ".join(f"not rendered: {type(error).__name__}: {error}".split())
            rendered = Rendered(
                subject=subject,
                text=subject,
                html=f"<p>{subject}</p>",
                short=subject,
                problem=problem,
                is_empty=True,
            )
            return rendered, {"number": self.view.number}


def copy_key(key: str, channel: str) -> str:
    """The key of a copy: no id of a person holds a `#`."""
    return f"{key}#{channel}"


def _with_words(notice: Notice, texts: Mapping[str, str]) -> Notice:
    """The notice with the texts of the messages that a person has to tell, without the table under them."""
    untold = notice.facts.get("untold")
    if not isinstance(untold, list):
        return notice
    words = [
        {"message": one["message"], "text": without_table(texts.get(str(one["key"]), ""))}
        for one in untold
        if isinstance(one, dict)
    ]
    return notice.model_copy(update={"facts": {**notice.facts, "words": words}})
