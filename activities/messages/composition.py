"""Notices of a case turned into outbox rows: rendered, in the reader's language, with a way to go (R4, R20)."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from activities.delivery.outbox import OutboxStatus, without_link
from activities.delivery.transport import Transports
from activities.knowledge.suggestion import Suggestions
from activities.links.mark import LinkMark, Portal
from activities.messages.renderer import Recipient, RenderContext, Rendered, Renderer, without_table
from activities.messages.routing import Route, route_to_customer, route_to_person
from activities.messages.ways import CARRYING, PURPOSES
from workflows.domain.calendar import Calendar
from workflows.domain.case.view import CaseView
from workflows.domain.event import Event, Notice, key_of
from workflows.domain.model import Json
from workflows.domain.organisation.organisation import Organisation
from workflows.domain.vocabulary import Audience

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Composition:
    """Everything the messages of one step speak of.

    `form` holds what was supplied in this step, too; `labels` are the policy's, the organisation's own go before
    them; `at` is the case's time now; `suggestions` are what a new owner should know of; `portal` is what links are
    made with.
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

    def rows(self, told: Mapping[str, tuple[Event, Notice]], texts: Mapping[str, str]) -> list[dict[str, Any]]:
        """The outbox rows of notices by key, in their order. `texts` are those of earlier rows that a person has to
        tell the customer: such a task says word by word what is to be told (R43).
        """
        rows = {
            key: self._row(event, notice)
            for key, (event, notice) in told.items()
            if notice.audience is Audience.CUSTOMER
        }
        said = {**texts, **{key: without_link(row["text"], row["link"], self.portal.url) for key, row in rows.items()}}
        for key, (event, notice) in told.items():
            if key not in rows:
                rows[key] = self._row(event, _with_words(notice, said))
        return [rows[key] for key in told]

    def _row(self, event: Event, notice: Notice) -> dict[str, Any]:
        """The outbox row of a notice. To staff, a message that cannot be rendered is told by its number and name alone;
        to a customer that says nothing, so a person tells them instead.
        """
        route = self._route(notice)
        mark = self._mark(notice, route)
        rendered = self._rendered(event, notice, route, mark)
        status, problem = self._status(notice, route, rendered)
        return {
            "key": key_of(self.view.number, notice),
            "number": self.view.number,
            "sequence": event.sequence,
            "event": event.kind.value,
            "message": notice.message.value,
            "audience": notice.audience.value,
            "recipient": notice.recipient,
            "channel": route.channel.value,
            "address": route.address,
            "name": route.name,
            "locale": route.locale.value,
            "subject": rendered.subject,
            "text": rendered.text,
            "html": rendered.html,
            "short": rendered.short,
            "link": mark.model_dump(mode="json") if mark is not None and mark.text in rendered.text else None,
            "status": status.value,
            "attempts": 0,
            "error": problem,
            "created_at": self.at,
        }

    def _status(self, notice: Notice, route: Route, rendered: Rendered) -> tuple[OutboxStatus, str | None]:
        """How a row begins, and why. What cannot reach a customer has failed, and its case hears of it, unless the case
        knew and has asked a person already.
        """
        if notice.by_person:
            return OutboxStatus.UNTOLD, rendered.problem
        if notice.audience is Audience.CUSTOMER and self.transports:
            if not route.deliverable:
                return OutboxStatus.FAILED, f"no way to the customer: {route.channel.value} is not set up, or unknown"
            if rendered.is_empty:
                return OutboxStatus.FAILED, rendered.problem
        return (OutboxStatus.PENDING if route.deliverable else OutboxStatus.STORED), rendered.problem

    def _route(self, notice: Notice) -> Route:
        if notice.audience is Audience.CUSTOMER:
            return route_to_customer(self.form, self.transports)
        person = self.organisation.person(notice.recipient) if self.organisation else None
        return route_to_person(person, notice.recipient, self.transports)

    def _mark(self, notice: Notice, route: Route) -> LinkMark | None:
        """What stands for the customer's link; None where the message carries none, or reaches nobody by itself."""
        purpose = PURPOSES.get(notice.message) if notice.audience is Audience.CUSTOMER else None
        is_sent = route.channel in CARRYING and not notice.by_person and (route.deliverable or not self.transports)
        return self.portal.mark(self.view.reopened, purpose) if purpose is not None and is_sent else None

    def _rendered(self, event: Event, notice: Notice, route: Route, mark: LinkMark | None) -> Rendered:
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
            )
            return self.renderer.render(notice, context)
        except Exception as error:  # no template may ever keep a case from going on
            logger.exception("%s of %s could not be rendered", notice.message.value, self.view.number)
            subject = f"{self.view.number} · {notice.message.value}"
            problem = " ".join(f"not rendered: {type(error).__name__}: {error}".split())
            return Rendered(
                subject=subject,
                text=subject,
                html=f"<p>{subject}</p>",
                short=subject,
                problem=problem,
                is_empty=True,
            )


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
