"""What logs and Temporal's history may repeat of an error, and what never."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest
from sqlalchemy import insert, text
from sqlalchemy.exc import DBAPIError

from activities.database.database import Database
from activities.database.tables import registration
from activities.delivery.transport import (
    DeliveryError,
    PermanentDeliveryError,
    TemporaryDeliveryError,
    UnreachableError,
    without_recipient,
)
from activities.intake.form import Customer
from activities.privacy import redaction
from activities.privacy.redaction import error_chain, safe_message
from workflows.domain.problem import Problem

_NAME, _PHONE = "欧阳明月", "13912345678"


def _error_of(work: Callable[[], object]) -> Exception:
    with pytest.raises(Exception) as caught:  # noqa: PT011 - what it is, is what is tested
        work()
    return caught.value


def test_an_error_says_what_it_is_and_where_but_not_what_it_stumbled_over(tmp_path: Path) -> None:
    file, here = tmp_path / f"{_NAME}.png", Path(__file__).name
    for work, said in (
        (lambda: int(_NAME), f"ValueError at {here}:"),
        (lambda: dict[str, str]()[_NAME], f"KeyError at {here}:"),
        (lambda: _NAME.encode("ascii"), f"UnicodeEncodeError at {here}:"),
        (file.read_bytes, "No such file or directory"),
        (lambda: Customer.model_validate({"name": _NAME, "phone": 5, "x": _PHONE}), "Customer is not valid ("),
        (lambda: getattr(_NAME, "missing"), "'str' object has no attribute 'missing'"),  # noqa: B009
    ):
        told = safe_message(_error_of(work))
        assert told.startswith(said)
        assert _NAME not in told
        assert _PHONE not in told


def test_what_was_written_for_people_to_read_is_kept_but_for_mail_addresses() -> None:
    assert safe_message(Problem("no organisation is loaded")) == "no organisation is loaded"
    assert safe_message(TemporaryDeliveryError("451 <m.ouyang@example.com>: try later")) == "451 <…@…>: try later"


@pytest.mark.parametrize("kind", [DeliveryError, PermanentDeliveryError, TemporaryDeliveryError, UnreachableError])
def test_whoever_looks_after_the_mail_server_reads_why_nothing_was_sent(kind: type[DeliveryError]) -> None:
    assert safe_message(kind("the mail server does not answer")) == "the mail server does not answer"


@pytest.mark.parametrize("prefix", redaction._SPEAKING)
def test_every_module_whose_errors_are_repeated_exists(prefix: str) -> None:
    assert find_spec(prefix.removesuffix(".")) is not None


def test_a_mail_server_that_repeats_whom_it_refuses_is_not_repeated() -> None:
    said = TemporaryDeliveryError(
        f"550 <Ouyang.My@Example.com>: {_NAME} (ouyang.my) is no user, ask postmaster@example.com"
    )
    assert without_recipient(said, "ouyang.my@example.com", _NAME) == (
        "550 <the recipient>: the recipient (the recipient) is no user, ask …@…"
    )


async def test_a_database_names_its_rule_and_not_the_row_it_refused(either: Database) -> None:
    row = {"number": "FB202605110001", "form": {"customer": {"name": _NAME, "phone": _PHONE}}}
    with pytest.raises(DBAPIError) as refused:
        async with either.begin() as connection:
            await connection.execute(insert(registration), row)
    for error in error_chain(refused.value):
        assert "null" in safe_message(error).lower()
        assert not {_NAME, _PHONE} & set(safe_message(error).split())
        assert _PHONE not in safe_message(error)
    assert _PHONE not in str(refused.value).split("DETAIL")[0]


async def test_a_value_that_a_database_cannot_take_is_not_repeated(postgresql_url: str) -> None:
    database = Database.open(postgresql_url)
    with pytest.raises(DBAPIError) as refused:
        async with database.begin() as connection:
            await connection.execute(text("SELECT CAST(:value AS INTEGER)"), {"value": _PHONE + _NAME})
    await database.close()
    assert _PHONE in str(refused.value.orig)
    assert _PHONE not in " ".join(safe_message(error) for error in error_chain(refused.value))
