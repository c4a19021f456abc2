"""A report's figures and findings in words: `templates/<locale>/report/words.toml`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from activities.analysis.figures import ALL, NONE
from activities.analysis.findings import Contributor, Finding, Tone
from activities.analysis.report import Report
from activities.rendering import filters
from activities.rendering.labels import label, words_in
from workflows.domain.formats import written_share
from workflows.domain.organisation.organisation import Organisation
from workflows.domain.policy.policy import Policy
from workflows.domain.vocabulary import Locale

_LABELLED = {"priority": "priority", "channel": "channel", "score": "satisfaction"}
_NAME_LENGTH = 40


def report_words(locale: Locale) -> dict[str, Any]:
    """Every word of a report in that language."""
    return words_in("report/words.toml", locale)


@dataclass(frozen=True)
class ReportWording:
    """How a company's report speaks.

    `labels` are the company's own (type, subtype, department ids), `names` people's.
    """

    locale: Locale
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)

    @property
    def words(self) -> dict[str, Any]:
        """The words of the language."""
        return report_words(self.locale)

    def named(self, dimension: str, value: str) -> str:
        """What a value of a dimension is called; one line, not too long for a table."""
        if value == NONE:
            return str(self.words["nobody" if dimension in {"owner", "person"} else "unknown"])
        if value == ALL:
            return str(self.words["columns"]["total"])
        if dimension == "priority":
            return f"{value} {label('priority', value, self.locale)}"
        if dimension in _LABELLED:
            return label(_LABELLED[dimension], value, self.locale)
        if dimension in {"owner", "person"}:
            return filters.brief(self.names.get(value, value), _NAME_LENGTH)
        if dimension == "product":
            return filters.brief(value, _NAME_LENGTH)
        return filters.brief(filters.named(value, self.labels, self.locale), _NAME_LENGTH)

    def cause(self, value: str) -> str:
        """Why a case was escalated or reopened: a missed clock, or a reason of the vocabulary."""
        own: str | None = self.words["causes"].get(value)
        return own or label("clock", value, self.locale)

    def level(self, level: str) -> str:
        """The name of an escalation level; level 0 is another department called in."""
        causes = self.words["causes"]
        return str(causes["sideways"] if level == "0" else causes["level"].format(level=level))

    def duration(self, seconds: float | None) -> str:
        """`2小时15分`; a dash for none."""
        return "–" if seconds is None else filters.duration(seconds, self.locale)

    def percent(self, share: float | None) -> str:
        """`90.1%`; a dash for a share of nothing."""
        return "–" if share is None else written_share(share)

    def change(self, now: float | None, before: float | None, kind: str = "count") -> str:
        """How a figure moved, with its sign; `kind` is count, share, time or mean."""
        if now is None or before is None:
            return "–"
        moved = now - before
        sign = "+" if moved > 0 else "−" if moved < 0 else "±"
        if kind == "share":
            return f"{sign}{self._points(moved)}"
        if kind == "time":
            return f"{sign}{self.duration(abs(moved))}" if abs(moved) >= 60 else "±0"
        if kind == "mean":
            return f"{sign}{abs(moved):.2f}"
        return f"{sign}{abs(moved):,.0f}" + (
            f" ({sign}{written_share(abs(moved) / before, 0)})" if before and moved else ""
        )

    def paragraph(self, report: Report) -> str:
        """What the figures say, the worst first."""
        if not any(finding.now or finding.before for finding in report.findings):
            return str(self.words["nothing_at_all"])
        sentences = [self.sentence(finding) for finding in report.findings]
        compared = [finding for finding in report.findings if finding.figure != "received"]
        if any(one.before is not None for one in compared) and all(one.tone is not Tone.WORSE for one in compared):
            sentences.append(self.words["none_worse"])
        return "".join(sentences).strip()

    def sentence(self, finding: Finding) -> str:
        """A finding as one sentence."""
        said = self.words["findings"]
        kind = _kind(finding.figure)
        template: str = said["repeated"] if kind == "repeated" else said[f"{kind}_{finding.tone.value}"]
        facts = dict(finding.facts)
        for key in ("type", "subtype", "product"):
            if key in facts:
                facts[key] = self.named(key, facts[key])
        if "cause" in facts:
            facts["cause"] = self.cause(facts["cause"])
        facts = {key: f"{value:,.0f}" if isinstance(value, int | float) else value for key, value in facts.items()}
        further = said.get(f"{finding.figure}_facts", "").format_map(facts) if finding.facts else ""
        sentence = template.format_map(
            {
                **facts,
                "figure": self.words["figures"].get(finding.figure, ""),
                "now": self._figure(kind, finding.now),
                "before": self._figure(kind, finding.before),
                "change": self._moved(kind, finding),
                "where": self._where(kind, finding.where),
                "facts": further,
            }
        )
        if finding.few:
            stop = "。" if self.locale is Locale.ZH_CN else ". "
            sentence = sentence.removesuffix(stop) + self.words["few"] + stop
        return sentence

    def _figure(self, kind: str, value: float | None) -> str:
        if kind == "share":
            return self.percent(value)
        if kind == "time":
            return self.duration(value)
        return f"{value or 0:,.0f}"

    def _points(self, moved: float) -> str:
        """How far a share moved; a share that moved is not shown as moved by 0."""
        return f"{written_share(abs(moved)).removesuffix('%')}{self.words['points']}"

    def _moved(self, kind: str, finding: Finding) -> str:
        if finding.before is None:
            return ""
        moved = abs(finding.now - finding.before)
        if kind == "share":
            return self._points(moved)
        return written_share(moved / finding.before, 0) if finding.before else self._figure(kind, moved)

    def _where(self, kind: str, places: tuple[Contributor, ...]) -> str:
        if not places:
            return ""
        said = self.words["findings"]
        shown = self.words["list_separator"].join(
            self._place("count" if kind == "received" else kind, one) for one in places
        )
        template: str = said["where_count" if kind in {"count", "received"} else "where_share"]
        return template.format(places=shown)

    def _place(self, kind: str, place: Contributor) -> str:
        template: str = self.words["findings"]["place_share" if place.before is not None else "place_new"]
        return template.format(
            dimension=self.words["dimensions"][place.dimension],
            value=self.named(place.dimension, place.value),
            now=self._figure(kind, place.now),
            before=self._figure(kind, place.before),
        )


def report_wording(policy: Policy, organisation: Organisation | None, locale: Locale) -> ReportWording:
    """The wording of this company's reports."""
    labels = policy.labels() | (organisation.labels() if organisation else {})
    return ReportWording(locale, labels, organisation.names() if organisation else {})


def company_name(organisation: Organisation | None) -> str:
    """Empty where it is not known."""
    return organisation.company.name if organisation else ""


def _kind(figure: str) -> str:
    if figure in {"received", "repeated"}:
        return figure
    if figure.endswith("_kept") or figure == "satisfaction":
        return "share"
    return "time" if figure.endswith("_time") else "count"
