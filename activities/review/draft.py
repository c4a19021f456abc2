"""The draft of a review's report: a TOML file to fill in and hand in with `bihuan review submit` (R27).

Its keys are `root_cause`, `what_happened` and `[[measures]]` with `what`, `owner`, `due`; what was handed in before
and returned is in it again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from activities.rendering.filters import brief, clean, one_line
from activities.review.reading import StoredReview
from activities.review.steps import steps_of
from activities.review.tables import ReviewTables
from activities.review.wording import ReviewWording
from workflows.domain.event import EventKind
from workflows.domain.model import Json
from workflows.domain.organisation.organisation import Organisation
from workflows.domain.review.overdue import report_due

_MOST_OWNERS = 60
_LINE = 160
_LONGEST = 3_000
"""Characters of the account that is filled in; a report takes 4,000."""
_SOON = timedelta(days=14)
"""How far ahead of now the example of a due day is."""


def draft_text(
    file: StoredReview, wording: ReviewWording, organisation: Organisation, *, now: datetime, name: str = "report.toml"
) -> str:
    """The file; `name` is what it will be called."""
    words = wording.words["draftfile"]
    review = file.as_json()
    findings = review["findings"] or {}
    author = review["author"]
    account = findings.get("what_happened") if findings else "\n".join(account_of(file, wording))
    example = f"{wording.local(now + _SOON):%Y-%m-%d}"
    measures = ("what", "owner", "until")
    lines = [
        *_comments(_head(file, wording, author, name)),
        "",
        *_comments([words["root_cause"]]),
        f"root_cause = {_text(findings.get('root_cause') or '')}",
        "",
        *_comments([words["what_happened"]]),
        f"what_happened = {_text(account or '')}",
        "",
        *_comments([words["measures"], *(f"  {words[key].format(day=example)}" for key in measures)]),
    ]
    for action in review["measures"] or [{"what": "", "owner": "", "due": None}]:
        due = f"{wording.local(action['due']).isoformat(timespec='minutes')}" if action["due"] else ""
        lines += [
            "[[measures]]",
            f"what = {_text(action['what']) if chr(10) in action['what'] else _line(action['what'])}",
            f"owner = {_line(action['owner'])}",
            f"due = {_line(due)}",
            "",
        ]
    lines += _comments([words["people"], *_owners(organisation, wording, review["department"])])
    return "\n".join(lines) + "\n"


def account_of(file: StoredReview, wording: ReviewWording) -> list[str]:
    """What the record says happened, a line a step: the key steps of the newest case, without personal data."""
    tables = ReviewTables(file, wording, file.opened_at)
    lines = [
        brief(" ".join(filter(None, (step.when, step.step, f"({step.who})", step.text))), _LINE)
        for step in steps_of(tables.newest, wording)
    ]
    while sum(map(len, lines)) + len(lines) > _LONGEST:
        # A long account is cut in the middle: its beginning and its end matter most.
        middle = len(lines) // 2
        lines[middle - 1 : middle + 1] = ["…"]
        lines = [line for index, line in enumerate(lines) if line != "…" or lines[index - 1] != "…"]
    return lines


def _head(file: StoredReview, wording: ReviewWording, author: str, name: str) -> Iterator[str]:
    words = wording.words["draftfile"]
    yield words["head"].format(number=file.number, author=wording.person(author))
    if file.view and (due := report_due(file.view)):
        yield words["due"].format(due=wording.time(due))
    yield words["submit"]
    yield f"  bihuan review submit {file.number} {name} --as {author}"
    yield words["hint"]
    yield words["cases"]
    tables = ReviewTables(file, wording, file.opened_at)
    for case in file.covered:
        view: Mapping[str, Any] = case.view or {}
        product = tables.masked(case.form.get("product"), case)
        kind = wording.kind(view["type"], view.get("subtype")) if view else ""
        yield f"  {case.number}  {product}  {kind}  {wording.time(case.received_at)}"
    returned = [entry for entry in file.timeline if entry["kind"] == EventKind.REVIEW_RETURNED]
    if returned:
        yield words["returned"].format(why=returned[-1]["detail"]["why"])


def _owners(organisation: Organisation, wording: ReviewWording, department: str) -> list[str]:
    """Everybody in the organisation, the responsible department first."""
    people = sorted(organisation.people, key=lambda one: (one.department != department, one.department or "", one.id))
    lines = [
        f"  {one.id}  {wording.person(one.id)}" + (f"  {wording.named(one.department)}" if one.department else "")
        for one in people[:_MOST_OWNERS]
    ]
    if len(people) > _MOST_OWNERS:
        lines.append(f"  {wording.words['draftfile']['more'].format(count=len(people) - _MOST_OWNERS)}")
    return lines


def _comments(lines: Sequence[str] | Iterator[str]) -> list[str]:
    """The lines as comments, whatever is in them; blanks in front stay."""
    return [f"# {line[: len(line) - len(line.lstrip(' '))]}{one_line(line)}".rstrip() for line in lines]


def _line(text: str) -> str:
    """A TOML string on one line."""
    return f'"{_escaped(text)}"'


def _text(text: str) -> str:
    """A TOML string of several lines, to be written in between its quotation marks."""
    body = _escaped(clean(text).strip())
    return f'"""\n{body}"""' if not body else f'"""\n{body}\n"""'


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def draft_json(file: StoredReview, text: str) -> Json:
    """What `--json` answers: the text, and which review it is for."""
    return {"number": file.number, "review": file.review, "text": text}
