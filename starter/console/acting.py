"""Who gives a command: the option --as, or on one's own machine the variable BIHUAN_AS."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from worker.installation.config_file import PERSON_VARIABLE
from workflows.domain.problem import Problem
from workflows.domain.vocabulary import CUSTOMER

if TYPE_CHECKING:
    from cyclopts import Token


def as_option(text: str) -> Parameter:
    """The option by that help; what is typed wins over the variable."""
    return Parameter(name="--as", env_var=PERSON_VARIABLE, show_env_var=False, converter=_read, help=text)


def person_of_environment() -> str | None:
    """Whom the variable names; None where it is not set.

    Raises:
        Problem: it names the customer: whose word it is has to be typed each time.
    """
    person = os.environ.get(PERSON_VARIABLE, "").strip()
    if person.casefold() == CUSTOMER:
        raise Problem(f"{PERSON_VARIABLE} is {CUSTOMER}; allowed: your own id; --as {CUSTOMER} has to be typed")
    return person or None


def _read(_: Any, tokens: Sequence[Token]) -> str:
    (token,) = tokens
    return (person_of_environment() or "") if token.source == "env" else token.value


As = Annotated[str, as_option("Who you are: a person's id, customer, or operator; without it, whom BIHUAN_AS names.")]
