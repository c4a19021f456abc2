"""The table of the form's fields: no field is forgotten where customers are asked, written to or masked."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pydantic import BaseModel

from activities.intake.form import Form
from activities.messages.routing import place_of_customer
from activities.privacy.masking import Mask
from workflows.domain.form_fields import ADDRESSES, CONTACTS, FIELDS, NAMES
from workflows.domain.vocabulary import Contact, Locale


def keys(model: type[BaseModel], section: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from keys(inner, f"{name}.")
        else:
            yield section + name


def test_every_field_of_the_form_is_in_the_table_once() -> None:
    listed = [field.key for field in FIELDS]
    assert len(listed) == len(set(listed))
    assert set(listed) == set(keys(Form))


@pytest.mark.parametrize("locale", Locale)
def test_whatever_names_or_reaches_a_customer_has_a_word_that_stands_in_its_place(locale: Locale) -> None:
    mask = Mask({"customer": {"locale": locale.value}})
    assert {field.section for field in (*NAMES, *CONTACTS)} == {"customer"}
    assert all(mask.word(field.name).startswith("[") for field in (*NAMES, *CONTACTS))


def test_no_field_is_both_kept_and_masked_as_a_whole() -> None:
    assert not [field.key for field in FIELDS if field.kept and field.personal]


def test_every_way_to_a_customer_but_the_portal_has_an_address_in_the_form() -> None:
    assert set(ADDRESSES) == set(Contact) - {Contact.PORTAL}
    for contact, field in ADDRESSES.items():
        route = place_of_customer({"customer": {"preferred_contact": contact.value, field.name: "address"}}, {})
        assert route.address == "address"
