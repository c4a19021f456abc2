"""The shipped weights are what the shipped sentences teach, and a policy file can add its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from activities.policy.loading import load_policy
from activities.policy.triage.learning import learned, read_sentences
from activities.policy.triage.word_lists import EXAMPLES, WEIGHTS
from tests.activities.policy.test_files import fault_of, own_policy
from tests.activities.policy.test_word_lists import judged, with_rules
from workflows.domain.policy.second_opinion import SecondOpinion
from workflows.domain.vocabulary import Priority

__all__ = ["own_policy"]
_ISSUES = Path(__file__).parents[2] / "workflows" / "domain" / "policy"


@pytest.mark.drill
def test_the_weights_are_those_of_the_sentences() -> None:
    files = (EXAMPLES, _ISSUES / "issues.txt", _ISSUES / "unseen.txt")
    assert learned([one for path in files for one in read_sentences(path)]) == WEIGHTS.read_text("utf-8")


def test_what_is_learned_from_a_few_sentences_can_be_read() -> None:
    sentences = [
        ("technical", "P0", "全停了"),
        ("technical", "P0", "都停了"),
        ("enquiry", "P3", "怎么开"),
        ("other", "P3", "你好"),
    ]
    known = learned(sentences)
    assert known == learned(sentences)
    assert SecondOpinion(weights=known).weights.startswith("technical\tenquiry\tother\tP0\tP3\n")


def test_every_shipped_sentence_has_a_type_and_a_priority_of_the_policy() -> None:
    policy = load_policy("standard")
    assert {
        (policy.type_named(kind) is None, level in set(Priority)) for kind, level, _ in read_sentences(EXAMPLES)
    } == {(False, True)}


def test_a_policy_file_teaches_sentences_of_its_own(own_policy: Path) -> None:
    own = '[[second_opinion.examples]]\ntext = "烤箱的灯一直闪"\ntype = "technical"\npriority = "P0"\n'
    assert judged("烤箱的灯一直闪", load_policy("standard"))[1] != Priority.P0
    assert judged("烤箱的灯一直闪", load_policy(with_rules(own_policy, own))) == ("technical", Priority.P0)


def test_a_sentence_of_a_type_that_there_is_not_is_named(own_policy: Path) -> None:
    own = '[[second_opinion.examples]]\ntext = "x"\ntype = "techincal"\npriority = "P0"\n'
    assert "second_opinion.examples[0].type: 'techincal' is no type" in fault_of(with_rules(own_policy, own))
