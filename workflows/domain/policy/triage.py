"""Triage: type and priority of a submission by the policy's rules, with the reasons (R8, R10)."""

from __future__ import annotations

from workflows.domain.model import Fact
from workflows.domain.policy.conditions import Condition
from workflows.domain.policy.keywords import any_found, folded, found, left_aside
from workflows.domain.policy.policy import IssueType, Policy
from workflows.domain.policy.second_opinion import Opinion, SecondOpinion, opinions, spoken_for
from workflows.domain.vocabulary import Channel, CustomerKind, Priority

_DEFAULT = "default"
"""The reason where no rule holds."""
_SECOND = "second opinion"
"""The reason where words decide that are in no rule."""


class Submission(Fact):
    """What the rules may look at; `type`, `subtype` and `priority` are what a person already said."""

    channel: Channel
    text: str
    """What happened and what it affects, in the customer's words."""
    product: str = ""
    customer_kind: CustomerKind = CustomerKind.INDIVIDUAL
    blocks_normal_use: bool | None = None
    type: str | None = None
    subtype: str | None = None
    priority: Priority | None = None
    priority_reason: str | None = None


class Triage(Fact):
    """The outcome; a reason reads `why → what`."""

    type: str
    subtype: str | None
    priority: Priority
    reasons: tuple[str, ...]
    classified: bool = True
    """False: no rule knew the type, and the policy's default stands."""


def triage(submission: Submission, policy: Policy) -> Triage:
    """What a person said goes first, then the rules and the second opinion, then the policy's defaults. A type the
    policy no longer has counts as not said.
    """
    text = folded(submission.text)
    judged = opinions(policy.second_opinion, submission.text)
    kind, subtype, reason = found = _classify(submission, policy, text, judged)
    priority, urgency = _prioritise(submission, policy, text, found, judged)
    what = f"{kind.id}/{subtype}" if subtype else kind.id
    reasons = (f"{reason} → {what}", f"{urgency} → {priority.value}")
    return Triage(type=kind.id, subtype=subtype, priority=priority, reasons=reasons, classified=reason != _DEFAULT)


_Found = tuple[IssueType, str | None, str]
"""A type, its subtype, the reason."""


def _classify(submission: Submission, policy: Policy, text: str, judged: list[Opinion]) -> _Found:
    stated = policy.type_named(submission.type) if submission.type else None
    if stated is not None and submission.subtype:
        subtype = stated.subtype_named(submission.subtype)
        if subtype is not None:
            return stated, subtype.id, "form"
    for rule in policy.classification:
        kind = policy.type_named(rule.type)
        if kind is None or (stated is not None and stated.id != kind.id):
            continue
        if _holds(rule.when, submission, text, stated.id if stated else None, None):
            named = kind.subtype_named(rule.subtype) if rule.subtype else None
            found = kind, named.id if named else _likeliest_subtype(kind, text)[0], rule.reason
            return _reconsidered(policy, text, judged, found) if rule.advisory and stated is None else found
    if stated is not None:
        subtype_id, word = _likeliest_subtype(stated, text)
        return stated, subtype_id, f"form, 「{word}」" if word else "form"
    return _reconsidered(policy, text, judged, _by_keywords(policy, text))


def _reconsidered(policy: Policy, text: str, judged: list[Opinion], found: _Found) -> _Found:
    """The type with the highest score, the rules counted in; where two are even, what the rules say stands."""
    known, said = policy.second_opinion, found[0].id
    if not judged or said not in judged[0].scores:
        return found
    there = [kind.id for kind in policy.types if kind.id in judged[0].scores]
    totals = {name: sum(one.scores[name] for one in judged) for name in there}
    totals[said] += known.rules_count * len(judged)
    best = max(totals, key=lambda name: (totals[name], name == said))
    kind = policy.type_named(best)
    if kind is None or best == said:
        return found
    strongest = max(judged, key=lambda one: one.scores[best])
    return kind, _likeliest_subtype(kind, text)[0], _words(known, strongest, best)


def _words(known: SecondOpinion, opinion: Opinion, name: str) -> str:
    """A reason: the words that speak for it."""
    words = "、".join(f"「{word}」" for word in spoken_for(known, opinion, name))
    return f"{_SECOND} {words}" if words else _SECOND


def _by_keywords(policy: Policy, text: str) -> _Found:
    """The type most of whose words occur; the first of the policy where two are even."""
    best: tuple[IssueType, list[str]] | None = None
    for kind in policy.types:
        words = found((*kind.keywords, *(word for sub in kind.subtypes for word in (sub.id, *sub.keywords))), text)
        if words and (best is None or len(words) > len(best[1])):
            best = kind, words
    if best is not None:
        kind, words = best
        return kind, _likeliest_subtype(kind, text)[0], "、".join(f"「{word}」" for word in words[:3])
    default = policy.type_named(policy.default_type)
    return default or policy.types[0], None, _DEFAULT


def _likeliest_subtype(kind: IssueType, text: str) -> tuple[str | None, str]:
    """The subtype most of whose words occur, and the first of these words."""
    best: tuple[str | None, str] = (None, "")
    most = 0
    for subtype in kind.subtypes:
        words = found((subtype.id, *subtype.keywords), text)
        if len(words) > most:
            best, most = (subtype.id, words[0]), len(words)
    return best


def _prioritise(
    submission: Submission, policy: Policy, text: str, found: _Found, judged: list[Opinion]
) -> tuple[Priority, str]:
    if submission.priority is not None:
        return submission.priority, submission.priority_reason or "form"
    kind, subtype, _ = found
    order = list(Priority)
    holding = [rule for rule in policy.priority_rules if _holds(rule.when, submission, text, kind.id, subtype)]
    decisive = min(holding, key=lambda rule: order.index(rule.priority), default=None)
    if decisive is None:
        return _weighed(policy, kind, (policy.default_priority, _DEFAULT), True, judged)
    return _weighed(policy, kind, (decisive.priority, decisive.reason), decisive.advisory, judged)


def _weighed(
    policy: Policy, kind: IssueType, said: tuple[Priority, str], advisory: bool, judged: list[Opinion]
) -> tuple[Priority, str]:
    """P0 where one passage alarms; else, where the rules only advise, the priority with the highest score, the rules
    counted in.
    """
    known, ruled = policy.second_opinion, said[0]
    if not judged or Priority.P0 not in judged[0].scores:
        return said
    alarming = max(judged, key=lambda one: one.scores[Priority.P0])
    counted = 2 * known.rules_count if ruled is Priority.P0 else 0  # to silence an alarm takes more than to choose
    if alarming.scores[Priority.P0] + counted > known.alarm_above and _may_alarm(known, alarming, kind):
        return said if ruled is Priority.P0 else (Priority.P0, _words(known, alarming, Priority.P0))
    if not advisory:
        return said
    levels = [level for level in Priority if level is not Priority.P0 and level in judged[0].scores]
    totals = {level: sum(one.scores[level] for one in judged) for level in levels}
    if ruled in totals:
        totals[ruled] += known.rules_count * len(judged)
    best = max(totals, key=lambda level: (totals[level], level is ruled), default=ruled)
    if best is ruled:
        return said
    strongest = max(judged, key=lambda one: one.scores[best])
    return best, _words(known, strongest, best)


def _may_alarm(known: SecondOpinion, opinion: Opinion, kind: IssueType) -> bool:
    """Whether the case or this passage of it is of a type that can be an emergency: questions and wishes are not."""
    if kind.id in known.alarm_types:
        return True
    types = {name: score for name, score in opinion.scores.items() if name not in Priority.__members__}
    types[kind.id] = types.get(kind.id, 0) + known.rules_count
    return max(types, key=lambda name: types[name]) in known.alarm_types


def _holds(when: Condition, submission: Submission, text: str, kind: str | None, subtype: str | None) -> bool:
    product = folded(submission.product)
    text = left_aside(when.asides, text) if when.asides else text
    return (
        (not when.types or kind in when.types)
        and (not when.subtypes or subtype in when.subtypes)
        and (not when.channels or submission.channel in when.channels)
        and (not when.products or any(folded(name) in product for name in when.products))
        and (not when.customer_kinds or submission.customer_kind in when.customer_kinds)
        and (when.blocks_normal_use is None or when.blocks_normal_use == submission.blocks_normal_use)
        and (not when.keywords or any_found(when.keywords, text))
        and (not when.also or any_found(when.also, text))
        and not any_found(when.without, text)
    )
