"""A company's own words and rules beside the shipped ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from activities.policy.loading import SHIPPED, load_policy
from tests.activities.policy.test_files import fault_of, own_policy, shipped
from workflows.domain.policy.policy import Policy
from workflows.domain.policy.triage import Submission, triage
from workflows.domain.vocabulary import Channel, Priority

__all__ = ["own_policy"]


def judged(text: str, policy: Policy) -> tuple[str, Priority]:
    found = triage(Submission(channel=Channel.PORTAL, text=text), policy)
    return found.type, found.priority


def with_rules(path: Path, rules: str, base: str = 'triage = "shipped"\n') -> Path:
    text = path.read_text("utf-8")
    assert 'triage = "shipped"\n' in text
    path.write_text(text.replace('triage = "shipped"\n', base) + rules, "utf-8")
    return path


def test_both_shipped_policies_judge_by_the_same_rules() -> None:
    one, *others = [load_policy(name) for name in SHIPPED]
    assert all(
        (each.classification, each.priority_rules) == (one.classification, one.priority_rules) for each in others
    )


def test_a_companys_own_words_count_in_the_shipped_rules(own_policy: Path) -> None:
    text = "二十个驾校都约不了课"
    ours = load_policy(with_rules(own_policy, '[words]\neveryone = ["驾校"]\nours = ["x"]\n'))
    assert judged(text, load_policy("standard")) != ("technical", Priority.P0)
    assert judged(text, ours) == ("technical", Priority.P0)


def test_a_companys_own_rules_go_before_the_shipped_ones(own_policy: Path) -> None:
    rules = '[words]\nours = ["打不开", "进不去"]\n[[classification]]\nwhen = { keywords = ["@ours"] }\n'
    ours = load_policy(with_rules(own_policy, rules + 'type = "service"\nreason = "own"\n'))
    assert judged("报表打不开", ours)[0] == "service"
    assert judged("报表导出失败", ours)[0] == "technical"


def test_without_the_shipped_rules_only_the_files_own_ones_count(own_policy: Path) -> None:
    ours = load_policy(with_rules(own_policy, "", base=""))
    assert (ours.classification, ours.priority_rules) == ((), ())


@pytest.mark.parametrize(
    ("base", "rules", "said"),
    [
        ('triage = "shiped"\n', "", "own.toml: triage: 'shiped' is not known; allowed: shipped"),
        ("", 'words = ["x"]\n', "own.toml: words: is no table; allowed: "),
        ("", '[words]\neveryone = "所有驾校"\n', "own.toml: words.everyone: is no list of keywords; allowed: "),
        ("", '[words]\nours = ["@everyone"]\n', "own.toml: words.ours: names another list; allowed: keywords only"),
        (
            "",
            '[words]\nours = ["x"]\n[[priority_rules]]\nwhen = { also = ["@our"] }\npriority = "P0"\nreason = "x"\n',
            "own.toml: priority_rules[0].when.also: @our is no list of words; allowed: @ours",
        ),
    ],
)
def test_a_mistake_in_words_is_named(own_policy: Path, base: str, rules: str, said: str) -> None:
    if rules.startswith("words = "):
        base, rules = rules, ""
    assert said in fault_of(with_rules(own_policy, rules, base))


def test_every_shipped_list_of_words_is_used() -> None:
    text = shipped("activities.policy.triage", "shipped.toml")
    names = [line.split(" = ")[0] for line in text.split("\n[[", 1)[0].splitlines() if " = [" in line]
    assert names
    assert [name for name in names if f'"@{name}"' not in text] == []
