"""How times, durations, people and texts read in a message: the filters that templates use.

Each is a function of plain values, so that the rest of the system can say things the same way.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from workflows.domain.formats import written_share
from workflows.domain.time.calendar import Calendar
from workflows.domain.vocabulary import CUSTOMER, OPERATOR, SYSTEM, Audience, Locale

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_BIDI_CONTROLS = "\u200e\u200f\u202a-\u202e\u2066-\u2069"
_UNWANTED = re.compile(f"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff{_BIDI_CONTROLS}]")
"""Controls but for tab and line feed, halves of surrogate pairs, and what turns the writing direction."""

_UNITS = {Locale.ZH_CN: ("天", "小时", "分"), Locale.EN: (" d", " h", " min")}
_MOMENT = {Locale.ZH_CN: "不到1分钟", Locale.EN: "under 1 min"}
_TEAM = {Locale.ZH_CN: "客服团队", Locale.EN: "our service team"}
_ACTORS = {
    Locale.ZH_CN: {CUSTOMER: "客户", SYSTEM: "系统", OPERATOR: "系统管理员"},
    Locale.EN: {CUSTOMER: "the customer", SYSTEM: "the system", OPERATOR: "the operator"},
}


def moment(value: datetime | str) -> datetime:
    """A time of the facts, which come as JSON.

    Raises:
        ValueError: it is no ISO 8601 time, or has no offset.
    """
    parsed = datetime.fromisoformat(value) if isinstance(value, str) else value
    if parsed.tzinfo is None:
        raise ValueError(f"time {parsed.isoformat()} has no offset; write 2024-05-01T14:30+08:00")
    return parsed


def local_time(value: datetime | str, calendar: Calendar, at: datetime, locale: Locale) -> str:
    """`5月1日 14:30` or `1 May 14:30` on the company's clock, with the year when it is not that of `at`."""
    there = calendar.local(moment(value))
    other_year = there.year != calendar.local(at).year
    if locale is Locale.ZH_CN:
        year = f"{there.year}年" if other_year else ""
        return f"{year}{there.month}月{there.day}日 {there:%H:%M}"
    year = f" {there.year}" if other_year else ""
    return f"{there.day} {_MONTHS[there.month - 1]}{year} {there:%H:%M}"


def duration(seconds: float, locale: Locale) -> str:
    """`2小时15分` or `2 h 15 min`: the two greatest units of days, hours and minutes."""
    minutes = int(max(seconds, 0) // 60)
    if minutes == 0:
        return _MOMENT[locale]
    days, hours = divmod(minutes // 60, 24)
    parts = [
        f"{count}{unit}" for count, unit in zip((days, hours, minutes % 60), _UNITS[locale], strict=True) if count
    ][: 3 if days == 0 else 1 + bool(hours)]
    return ("" if locale is Locale.ZH_CN else " ").join(parts)


def percent(share: float) -> str:
    """A share in whole percent: `80%`; `100%` is all of it and `0%` nothing."""
    return written_share(share, 0)


def person(who: str, names: Mapping[str, str], audience: Audience, owner: str | None, locale: Locale) -> str:
    """A person's display name. A customer learns only the owner's: anyone else is the service team."""
    if audience is Audience.CUSTOMER:
        return one_line(names.get(who, "")) if who == owner and names.get(who) else _TEAM[locale]
    return one_line(names.get(who) or _ACTORS[locale].get(who, who))


def named(key: str, labels: Mapping[str, Mapping[str, str]], locale: Locale) -> str:
    """What a department, group, type or subtype is called in this company; unknown ones are shown as they are."""
    return one_line(labels.get(key, {}).get(locale.value) or key)


def kind(type: str, subtype: str | None, labels: Mapping[str, Mapping[str, str]], locale: Locale) -> str:  # noqa: A002
    """Type and subtype as one phrase."""
    parts = [named(type, labels, locale)]
    if subtype:
        full = f"{type}/{subtype}"
        parts.append(named(full if full in labels else subtype, labels, locale))
    return " / ".join(part for part in parts if part)


def clean(text: str) -> str:
    """Text without control characters and marks that turn the writing direction; line breaks stay."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n")
    return _UNWANTED.sub("", text)


def one_line(text: str) -> str:
    """Everything on one line, so that nothing can begin a new header or a new line of a table."""
    return clean(" ".join(text.split()))


def brief(text: str, length: int) -> str:
    """One line of at most `length` characters, cut with an ellipsis."""
    line = one_line(text)
    return line if len(line) <= length else line[: length - 1].rstrip() + "…"


def quote(text: str) -> str:
    """A person's own words, each line marked as a mail quotation, so that they are never taken for the company's."""
    return "\n".join(f"> {line}".rstrip() for line in clean(text).strip().split("\n"))
