"""The facts that a vendor's approved template may name, in the reader's language (R44)."""

from __future__ import annotations

from activities.channels.sms_template import FACTS, PAGE
from activities.messages.renderer import RenderContext, desk_page
from activities.rendering.filters import brief, local_time
from activities.rendering.labels import label
from workflows.domain.vocabulary import Audience

_LONGEST = 60


def message_facts(context: RenderContext, audience: Audience) -> dict[str, str]:
    """Each of `FACTS`, none of them empty; to staff `PAGE` as well, where messages carry links."""
    locale, view = context.recipient.locale, context.view
    sheet = context.factsheet(audience)
    product = context.form.get("product")
    values = (
        context.number,
        brief(product, _LONGEST) if isinstance(product, str) and product.strip() else sheet.kind(),
        sheet.kind(),
        label("priority", view.priority.value, locale),
        local_time(context.at, context.calendar, context.at, locale),
    )
    page = desk_page(context.portal, context.number, audience)
    return dict(zip(FACTS, values, strict=True)) | ({PAGE: page} if page else {})
