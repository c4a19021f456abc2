"""A report made in a process of its own: reading years of timelines takes the processor for as long as half a minute,
and whoever asks for pages meanwhile is not to wait for it (R29, R49).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from anyio import BrokenWorkerProcess, CapacityLimiter, to_process

from activities.database.database import is_outage
from starter.services.analysis import Analyses
from worker.installation.installation import open_installation
from worker.installation.settings import Settings
from workflows.domain.formats import Days
from workflows.domain.problem import Problem
from workflows.domain.vocabulary import Locale

_AT_ONCE: Final = CapacityLimiter(1)
"""The others wait: each takes a core, and memory for all cases of its days."""


@dataclass(frozen=True)
class FinishedReport:
    """What can be shown of a report; see `starter.services.analysis.AnalysisReport`."""

    title: str
    columns: tuple[str, ...]
    headlines: list[tuple[str, ...]]
    paragraph: str
    report: dict[str, Any]
    files: dict[str, str]


async def make_report(settings: Settings, days: Days, *, by: Sequence[str] | None, locale: Locale) -> FinishedReport:
    """The report about these days, as the installation of these settings has it; `by` as in `Analyses.make`.

    Raises:
        Problem: `by` names no dimension, or the record cannot be read now.
    """
    try:
        made = await to_process.run_sync(_made, settings, days, by, locale, cancellable=True, limiter=_AT_ONCE)
    except BrokenWorkerProcess as error:
        raise Problem("the report was not made: its process ended") from OSError(str(error))
    if isinstance(made, str):
        raise Problem(made) from OSError(made)
    return made


def _made(settings: Settings, days: Days, by: Sequence[str] | None, locale: Locale) -> FinishedReport | str:
    """The report, made in the other process. A text says why the record cannot be read now: what caused an error does
    not get across.

    Raises:
        Problem: `by` names no dimension.
    """
    try:
        return asyncio.run(_make(settings, days, by, locale))
    except Exception as error:
        if is_outage(error):
            return str(error)
        raise


async def _make(settings: Settings, days: Days, by: Sequence[str] | None, locale: Locale) -> FinishedReport:
    async with open_installation(settings) as installation:
        made = await Analyses(installation).make(days, by=by, locale=locale, progress=lambda _: None)
    return FinishedReport(
        made.title, made.columns, made.headlines(), made.paragraph(), made.as_json(), made.files
    )  # fmt: skip
