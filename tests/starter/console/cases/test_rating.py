"""What `bihuan rate --score` takes for an answer of the customer: words, never a number (R23)."""

from __future__ import annotations

import pytest

from activities.rendering.labels import satisfaction_scale
from starter.console.cases.customers import _score
from workflows.domain.problem import Problem
from workflows.domain.vocabulary import Locale, Satisfaction


@pytest.mark.parametrize("score", Satisfaction)
def test_the_words_that_mails_offer_are_the_words_that_are_recorded(score: Satisfaction) -> None:
    for locale in Locale:
        assert _score(satisfaction_scale(locale)[score.value]) == score.value
    assert _score(score.value) == score.value
    assert _score(f" {score.value.replace('_', '-').upper()} ") == score.value


@pytest.mark.parametrize("number", ["1", "5", "3", "１", "0", "五", "4 satisfied", ""])
def test_a_number_is_not_taken_for_its_opposite(number: str) -> None:
    with pytest.raises(Problem, match="no word of the scale; allowed: very_satisfied 非常满意, satisfied 满意"):
        _score(number)
