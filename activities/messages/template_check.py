"""A company's templates tried with samples of every message, before a customer meets their faults."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from activities.messages.renderer import no_folder, render_with, template_file
from activities.messages.samples import sample_messages
from activities.messages.ways import PURPOSES
from activities.rendering.engine import company_environment, fault
from activities.rendering.labels import TEMPLATES
from workflows.domain.problem import Problem
from workflows.domain.vocabulary import Audience, Locale


def check_templates(folder: Path | None, *, links: bool = False) -> list[str]:
    """Every fault found in rendering each message in each language with full and with sparse sample facts.

    Names files of the company's folder that override nothing, too, and with `links` those whose messages have none.
    One line a fault.

    Raises:
        Problem: the folder does not exist.
    """
    if folder is not None and not folder.is_dir():
        raise Problem(no_folder(folder))
    environment = company_environment(folder, lenient=False)
    faults = list(_overriding_nothing(folder)) if folder else []
    for notice, context in sample_messages():
        file = template_file(folder, notice, context)
        try:
            rendered = render_with(environment, notice, context)
        except Exception as error:  # noqa: BLE001 - each fault is reported, none ends the check
            faults.append(fault(error, file))
        else:
            if links and context.link and notice.message in PURPOSES and context.link not in rendered.text:
                faults.append(f"{file}: has no {{{{ link }}}} on a line of its own: customers get no link by it")
    return list(dict.fromkeys(faults))


def _overriding_nothing(folder: Path) -> Iterator[str]:
    for path in sorted(folder.rglob("*.j2")):
        name = path.relative_to(folder)
        audience = path.parent.name
        if audience in set(Audience) and not (TEMPLATES / name).is_file():
            allowed = ", ".join(sorted(found.stem for found in (TEMPLATES / Locale.EN / audience).glob("*.j2")))
            yield f"{path}: overrides nothing; locales are {', '.join(Locale)}, messages to {audience} are {allowed}"
