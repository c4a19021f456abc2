"""A policy file whose rules are put together: shipped ones beside its own, and lists of words named in them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from activities.document_text import read_toml_table
from workflows.domain.problem import Problem

_SHIPPED = Path(__file__).with_name("shipped.toml")
EXAMPLES = _SHIPPED.with_name("examples.txt")
WEIGHTS = _SHIPPED.with_name("weights.txt")
_ASIDES = "asks_or_denies"
_WORDS = ("keywords", "also", "without", "asides")
_OF_WORDS = {*_WORDS, "types", "subtypes"}
"""What a rule may look at that the second opinion sees, too."""
_RULES = ("classification", "priority_rules")


def rules_written_out(data: dict[str, Any]) -> dict[str, Any]:
    """The table of a policy file without `triage` and `words`: every list of words stands where its name stood.

    With `triage = "shipped"`, the file's own words join the shipped list of the same name, and its own rules come
    before the shipped ones; the second opinion is the shipped one, with the file's own sentences.

    Raises:
        Problem: `triage` or `words` is not well-formed, or a rule names a list that there is not; one line a fault.
    """
    policy = {key: value for key, value in data.items() if key not in {"triage", "words"}}
    words, base = data.get("words", {}), data.get("triage")
    if faults := list(_faults(words, base)):
        raise Problem("\n".join(faults))
    if base is not None:
        shipped = _shipped()
        words = {**words, **{name: [*its, *words.get(name, [])] for name, its in shipped["words"].items()}}
        for key in _RULES:
            own = policy.get(key, [])
            theirs = [{**rule, "advisory": rule["when"].keys() <= _OF_WORDS} for rule in shipped[key]]
            policy[key] = [*own, *theirs] if isinstance(own, list) else own
        opinion = policy.get("second_opinion", {})
        if isinstance(opinion, dict):
            lists = {name: words[name] for name in shipped["words"]}
            known = {"weights": WEIGHTS.read_text("utf-8"), "lists": lists, "asides": lists[_ASIDES]}
            policy["second_opinion"] = {**known, **opinion}
    unknown: list[str] = []
    for key in _RULES:
        if isinstance(policy.get(key), list):
            policy[key] = [_written_out(rule, f"{key}[{i}]", words, unknown) for i, rule in enumerate(policy[key])]
    if unknown:
        raise Problem("\n".join(unknown))
    return policy


def shipped_lists() -> tuple[dict[str, tuple[str, ...]], tuple[str, ...]]:
    """The lists of words that ship, by their names, and the words of asides among them."""
    lists = {name: tuple(words) for name, words in _shipped()["words"].items()}
    return lists, lists[_ASIDES]


@cache
def _shipped() -> dict[str, Any]:
    """The table of the shipped rules and words, which nobody changes."""
    return read_toml_table(_SHIPPED)


def _faults(words: object, base: object) -> Iterator[str]:
    if base not in (None, "shipped"):
        yield f"triage: {base!r} is not known; allowed: shipped"
    if not isinstance(words, dict):
        yield "words: is no table; allowed: a name and its list of keywords, a line each"
        return
    for name, listed in words.items():
        if not isinstance(listed, list) or not all(isinstance(word, str) and word.strip() for word in listed):
            yield f"words.{name}: is no list of keywords; allowed: texts in brackets"
        elif any(word.startswith("@") for word in listed):
            yield f"words.{name}: names another list; allowed: keywords only"


def _written_out(rule: Any, where: str, words: dict[str, list[str]], unknown: list[str]) -> Any:
    """The rule with its lists; whatever has not the form of a rule is left for the policy's own check."""
    when = rule.get("when") if isinstance(rule, dict) else None
    if not isinstance(when, dict):
        return rule
    written = dict(when)
    for key in _WORDS:
        listed = when.get(key)
        if not isinstance(listed, list):
            continue
        written[key] = []
        for word in listed:
            named = word[1:] if isinstance(word, str) and word.startswith("@") else None
            if named is None:
                written[key].append(word)
            elif named in words:
                written[key] += words[named]
            else:
                allowed = ", ".join(f"@{name}" for name in sorted(words)) or "none, there are no words"
                unknown.append(f"{where}.when.{key}: {word} is no list of words; allowed: {allowed}")
    return {**rule, "when": written}
