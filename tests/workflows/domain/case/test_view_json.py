"""What reads a view as JSON finds every key there: the JSON shapes are those of the models."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

from workflows.domain.case.recorded.view_json import CaseViewJson, TaskViewJson, WaitingJson
from workflows.domain.case.view import CaseView, Waiting
from workflows.domain.clock import Breach, Deadline
from workflows.domain.clock_json import BreachJson, DeadlineJson
from workflows.domain.department_task import TaskView
from workflows.domain.review.view import CorrectiveAction, Findings, ReviewView
from workflows.domain.review.view_json import CorrectiveActionJson, FindingsJson, ReviewViewJson


@pytest.mark.parametrize(
    ("shape", "model"),
    [
        (CaseViewJson, CaseView),
        (TaskViewJson, TaskView),
        (WaitingJson, Waiting),
        (DeadlineJson, Deadline),
        (BreachJson, Breach),
        (ReviewViewJson, ReviewView),
        (CorrectiveActionJson, CorrectiveAction),
        (FindingsJson, Findings),
    ],
)
def test_the_json_of_a_view_has_the_keys_of_its_model(shape: Any, model: type[BaseModel]) -> None:
    assert set(shape.__annotations__) == set(model.model_fields)
