"""A case as people read it: where it stands, who must act until when, and what happened."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from math import isnan, nan
from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from activities.rendering.form_text import form_lines
from activities.rendering.labels import label
from activities.rendering.sizes import filesize
from activities.rows import FaultyRow, read_rows
from starter.console.screen import shortened
from starter.console.timeline import timeline_table
from worker.installation.company_time import CompanyTime
from workflows.domain.form_fields import CONTACTS
from workflows.domain.problem import printable
from workflows.domain.vocabulary import Locale, Reachable

_MOST, _MOST_MISSED = 100, 10
"""How many of the latest steps and missed deadlines of a long case are shown."""
_IN_HEAD = frozenset({"channel", "customer.name", "customer.company", "product", "received_at"})
"""Keys of the form that stand whole in the head."""
_PRIORITY_STYLE = {"P0": "bold red", "P1": "red", "P2": "yellow", "P3": "green"}


class CasePanel:
    """Draws one case from the JSON of `starter.services.cases.reading.describe_case`; `whole`: with its whole
    history, `name`: what a person's id is shown as.
    """

    def __init__(
        self,
        case: Mapping[str, Any],
        company: CompanyTime,
        locale: Locale,
        *,
        whole: bool = False,
        name: Callable[[str], str] = str,
    ) -> None:
        self._case, self._company, self._locale, self._whole, self._name = case, company, locale, whole, name
        self._now = company.now()

    def parts(self) -> Iterator[RenderableType]:
        """Head, deadlines, playbook, departments, likely answers, history; one that cannot be read does not hide the
        others.
        """
        if fault := self._case.get("fault"):
            yield Text(f"{self._case['number']} cannot be read as a whole: {printable(fault)}", style="red")
        sections = (
            self._summary, self._form, self._clocks, self._playbook, self._department_tasks, self._files,
            self._suggestions, self._history,
        )  # fmt: skip
        for part in read_rows(sections, lambda section: list(section()), name=_section):
            if isinstance(part, FaultyRow):
                yield Text(f"{part.name}: cannot be read: {printable(part.fault)}", style="red")
            else:
                yield from part

    def _summary(self) -> Iterator[RenderableType]:
        yield Panel(Group(*self._head()), title=self._title(), title_align="left", box=box.ROUNDED)

    def _form(self) -> Iterator[RenderableType]:
        """What the customer gave, whole, but for what the head has."""
        lines = list(form_lines(self._case["form"], self._locale, moment=self._moment, without=_IN_HEAD))
        if lines:
            given = (Text(f"  {name}: {printable(said)}") for name, said in lines)
            yield Group(Text(self._label("ask", "form"), style="bold"), *given)

    def _playbook(self) -> Iterator[RenderableType]:
        if playbook := self._case.get("playbook"):
            done = set(self._case.get("steps_done") or ())
            steps = (
                Text(f"  {'✓' if index in done else ' '} {index}. {printable(step)}")
                for index, step in enumerate(playbook, start=1)
            )
            yield Group(Text("Playbook", style="bold"), *steps)

    def _files(self) -> Iterator[RenderableType]:
        if files := self._case.get("files"):
            listed = (
                Text(f"  {printable(one['name'])}  {filesize(one['size'])}  {self._label('file_scan', one['scan'])}")
                for one in files
            )
            yield Group(Text("Files", style="bold"), *listed)

    def _title(self) -> Text:
        case = self._case
        priority = case["priority"]
        parts = [Text(case["number"], style="bold")]
        if priority:
            parts.append(
                Text(f"{priority} {self._label('priority', priority)}", style=_PRIORITY_STYLE.get(priority, ""))
            )
        parts.append(Text(self._status()))
        return Text(" · ").join(parts)

    def _status(self) -> str:
        status = self._case["status"]
        if status is None:
            return "registered, not opened by a worker yet"
        resolution = self._case["resolution"]
        ended = f" ({self._label('resolution', resolution)})" if resolution else ""
        return f"{self._label('status', status)} {status}{ended}"

    def _head(self) -> Iterator[Text]:
        case, form = self._case, self._case["form"]
        customer = form.get("customer") or {}
        company = f" ({customer['company']})" if customer.get("company") else ""
        contacts = [customer[field.name] for field in CONTACTS if customer.get(field.name)]
        yield self._line("Customer", f"{customer.get('name') or '–'}{company}  {' '.join(map(str, contacts))}")
        yield self._line("Product", str(form.get("product") or "–"))
        if symptom := (form.get("description") or {}).get("symptom"):
            yield self._line("Symptom", shortened(str(symptom)))
        channel = self._label("channel", case["channel"])
        yield self._line("Received", f"{self._moment(case['received_at'])} · {channel}")
        if case["status"] is None:
            return
        if archive := case.get("archive"):
            masked = ", the customer's data here is masked" if archive["masked_at"] else ""
            read = f"bihuan archive show {case['number']}"
            yield self._line("Archived", f"{self._moment(archive['archived_at'])}{masked}: {read}", style="bold")
        yield self._line("Type", " / ".join(str(case[key]) for key in ("type", "subtype") if case[key]))
        assisting = f", with {', '.join(case['assisting'])}" if case.get("assisting") else ""
        yield self._line("Owner", f"{self._person(case['owner'])} · {case['department'] or '–'}{assisting}")
        yield from self._untold()
        if case["escalation_level"]:
            seen = "acknowledged" if case.get("acknowledged") else "not acknowledged"
            yield self._line(
                "Escalated", f"level {case['escalation_level']} to {self._person(case.get('escalated_to'))}, {seen}"
            )
        if case["reopened"]:
            yield self._line("Reopened", f"{case['reopened']} ×")
        if case.get("satisfaction"):
            yield self._line("Rated", self._label("satisfaction", case["satisfaction"]))
        if until := case.get("correctable_until"):
            yield self._line("Correctable", f"by the customer's own hand until {self._moment(until)}")
        if main := case.get("linked_to"):
            yield self._line("Linked to", f"{main}, whose answers go to this customer as well")
        if linked := case.get("linked"):
            also = "what is answered here goes to their customers as well"
            yield self._line("Linked", shortened(f"{len(linked)}, {also}: {', '.join(linked)}"))
        if missing := case.get("missing"):
            yield self._line("Missing", ", ".join(missing))
        if review := case.get("review"):
            yield self._review(review)
        if waiting := case.get("waiting"):
            clock = f" · {self._label('clock', waiting['clock'])}" if waiting.get("clock") else ""
            until = (
                f" until {self._moment(waiting['until'])}, {self._left(waiting['until'])}" if waiting["until"] else ""
            )
            yield self._line("Waits for", f"{self._person(waiting['who'])}{until}{clock}", style="bold")

    def _untold(self) -> Iterator[Text]:
        case = self._case
        if case.get("reachable") == Reachable.BY_PERSON:
            yield self._line("Reached", "by a person only: no message can be sent to this customer")
        if untold := case.get("untold"):
            messages = ", ".join(self._label("message", one["message"]) for one in untold)
            yield self._line("To tell", f"{messages}: bihuan told {case['number']} --as … records it", style="bold")

    def _review(self, review: Mapping[str, Any]) -> Text:
        until = f" until {self._moment(review['due'])}" if review["due"] else ""
        waits = f", waits for {', '.join(map(self._name, review['waits_for']))}{until}" if review["waits_for"] else ""
        late = f", late: {', '.join(one['what'] for one in review['overdue'])}" if review["overdue"] else ""
        text = f"{review['id']} · {self._label('review_status', review['status'])} {review['status']}{waits}{late}"
        return self._line("Review", text, style="red" if late else "")

    def _clocks(self) -> Iterator[RenderableType]:
        if not (self._case["deadlines"] or self._case["breaches"]):
            return
        table = Table("Clock", "Due", "Left", box=box.SIMPLE_HEAD, pad_edge=False)
        for deadline in self._case["deadlines"]:
            name = f"{self._label('clock', deadline['clock'])} {deadline['clock']}"
            if deadline["due"]:
                style = "red" if self._seconds_left(deadline["due"]) < 0 else ""
                table.add_row(name, self._moment(deadline["due"]), Text(self._left(deadline["due"]), style=style))
            else:
                table.add_row(name, "paused", f"{_span(deadline.get('remaining') or 0)} when it goes on")
        for breach in self._case["breaches"][-_MOST_MISSED:]:
            name = f"{self._label('clock', breach['clock'])} {breach['clock']}"
            table.add_row(Text(name, style="red"), self._moment(breach["due"]), Text("missed", style="red"))
        yield table

    def _department_tasks(self) -> Iterator[RenderableType]:
        if not self._case.get("collaborations"):
            return
        table = Table("Department", "Duty", "Who", "Due", "Status", box=box.SIMPLE_HEAD, pad_edge=False)
        for task in self._case["collaborations"]:
            late = " late" if task["late_at"] else ""
            claimed = ", claimed" if task["claimed_at"] and task["status"] == "open" else ""
            answer = f": {task['result']}" if task["result"] else ""
            status = f"{task['status']}{claimed}{late}{answer}"
            table.add_row(
                printable(task["department"]),
                Text(shortened(task["duty"])),
                printable(self._person(task["person"])),
                self._moment(task["due"]),
                Text(shortened(status), style="red" if late else ""),
            )
        yield table

    def _suggestions(self) -> Iterator[RenderableType]:
        suggestions = self._case.get("suggestions")
        if not suggestions:
            return
        rows = [(one["key"], f"{one['title']} — {one['solution']}") for one in suggestions["articles"]]
        rows += [(one["number"], f"{one['title']} — {one['solution']}") for one in suggestions["earlier"]]
        rows += [
            (one["number"], f"open, {self._person(one['owner'], 'nobody')}: {one['symptom']}")
            for one in suggestions["open"]
        ]
        if rows:
            lines = [Text(f"  {key:<15} {shortened(text)}") for key, text in rows]
            if main := self._main_case(suggestions["open"]):
                owner = f" --as {self._case['owner']}" if self._case["owner"] else ""
                how = f"bihuan link {self._case['number']}{owner} --to {main}"
                lines.append(Text(f"  one cause? {how} lets one solution answer both", style="dim"))
            yield Group(Text("Likely answers", style="bold"), *lines)

    def _main_case(self, alike: Sequence[Mapping[str, Any]]) -> str | None:
        """Whom to link this case to: the likeliest one, or the case that one is linked to already."""
        if self._case.get("linked_to") or self._case.get("linked"):
            return None
        likely = next((one for one in alike if one.get("one_cause")), None)
        return str(likely["linked_to"] or likely["number"]) if likely else None

    def _history(self) -> Iterator[RenderableType]:
        timeline = self._case["timeline"]
        shown = timeline if self._whole else timeline[-_MOST:]
        if earlier := len(timeline) - len(shown):
            yield Text(f"{earlier} earlier steps: bihuan show {self._case['number']} --all", style="dim")
        yield timeline_table(shown, self._company, self._locale, self._name)

    def _line(self, name: str, value: str, *, style: str = "") -> Text:
        return Text.assemble((f"{name:<10}", "dim"), (printable(value), style))

    def _person(self, person: str | None, nobody: str = "–") -> str:
        return self._name(person) if person else nobody

    def _label(self, kind: str, value: str) -> str:
        return label(kind, value, self._locale)

    def _moment(self, value: str) -> str:
        return self._company.text(value)

    def _left(self, due: str) -> str:
        """The time left until then; nothing for what is no time."""
        seconds = self._seconds_left(due)
        if isnan(seconds):
            return "–"
        return f"{_span(seconds)} left" if seconds >= 0 else f"late by {_span(-seconds)}"

    def _seconds_left(self, due: str) -> float:
        try:
            return (datetime.fromisoformat(due) - self._now).total_seconds()
        except (ValueError, TypeError):
            return nan


def _section(section: Callable[[], Iterator[RenderableType]]) -> str:
    return getattr(section, "__name__", "").strip("_").replace("_", " ")


def _span(seconds: float) -> str:
    """Days, hours and minutes; seconds only under a minute."""
    span = timedelta(seconds=round(seconds))
    hours, minutes = span.seconds // 3600, span.seconds % 3600 // 60
    parts = [(span.days, "d"), (hours, "h"), (minutes, "min")]
    return " ".join(f"{number} {unit}" for number, unit in parts if number) or f"{span.seconds} s"
