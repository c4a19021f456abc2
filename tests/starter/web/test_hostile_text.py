"""SQL, template and page text in every field, by the API and by the pages of the staff: it is text, and stays that."""

from __future__ import annotations

from html import unescape
from typing import Any

from starter.services.cases.actions import Field, fields_of, open_actions
from starter.services.identity.acting import OPEN_COMMANDS
from tests.builders import NUMBER
from tests.starter.web.api.conftest import caller
from tests.starter.web.api.contract import DOCUMENT
from tests.starter.web.conftest import Portal
from tests.starter.web.staff_door import act, action_form, signed_in

__all__ = ["caller"]

HOSTILE = '\'; DROP TABLE registration; -- {{ 6*7 }} {% raise %} ${6*7} %(x)s <script>alert(6)</script> " OR ""="'
_SHOWN_RAW = "<script>alert(6)"


def _filled(schema: dict[str, Any]) -> dict[str, Any]:
    """Every field of a form that takes a text."""
    found: dict[str, Any] = {}
    for name, given in schema["properties"].items():
        kinds = [given, *given.get("anyOf", ())]
        parts = [DOCUMENT["components"]["schemas"][one["$ref"].rpartition("/")[2]] for one in kinds if "$ref" in one]
        if any("enum" in part for part in parts):
            continue
        if parts:
            found[name] = _filled(parts[0])
        elif any(one.get("type") == "string" and "format" not in one for one in kinds):
            found[name] = HOSTILE
    return found


async def test_an_issue_full_of_it_is_registered_read_back_word_for_word_and_shown_as_text(
    portal: Portal, caller: Any
) -> None:
    form = _filled(DOCUMENT["components"]["schemas"]["Form"])
    for name in ("intake_key", "type", "subtype", "received_by", "priority_reason", "hoped_for", "occurred_at"):
        form.pop(name, None)
    form |= {"channel": "app", "customer": {**form["customer"], "email": "a@example.com", "phone": "13800138000"}}
    for name in ("kind", "locale", "preferred_contact"):
        form["customer"].pop(name, None)
    director = await caller("director")
    answer = await director.ask("POST", "/cases", json=form)
    assert answer.status_code == 201, answer.text
    number = answer.json()["number"]
    kept = (await director.get(f"/cases/{number}"))["form"]
    assert kept["description"]["symptom"] == HOSTILE
    assert kept["customer"]["name"] == HOSTILE
    assert kept["product"] == HOSTILE
    for asked in ({"customer": "DROP TABLE"}, {"text": HOSTILE}, {"owner": HOSTILE}, {"customer": "' OR ''='"}):
        found = [one["number"] for one in (await director.get("/cases", params=asked))["cases"]]
        assert found == ([number] if asked == {"customer": "DROP TABLE"} else [])
    browser = await signed_in(portal, "director")
    text = await browser.open(f"/desk/cases/{number}")
    assert browser.status == 200
    assert _SHOWN_RAW not in text
    assert text.count("{{ 6*7 }}") >= len(form["description"])
    assert HOSTILE in unescape(text)


async def test_no_command_takes_it_for_anything_but_text(portal: Portal, caller: Any) -> None:
    api = await caller("director")
    for name, kind in OPEN_COMMANDS.items():
        fields = _filled(DOCUMENT["components"]["schemas"][kind.__name__])
        answer = await api.ask("POST", f"/cases/{NUMBER}/commands/{name}", json=fields)
        # Nothing answers as Temporal here: what is well-formed is to be sent again.
        assert answer.status_code in {422, 503}, (name, answer.text)
    record = await portal.installation.cases.get(NUMBER)
    assert record is not None


async def test_every_field_of_every_form_of_the_staff_comes_back_as_it_was_typed(portal: Portal) -> None:
    browser = await signed_in(portal, "director")
    await browser.open(f"/desk/cases/{NUMBER}")
    record = await portal.installation.cases.get(NUMBER)
    organisation = await portal.installation.directory.current()
    assert record is not None
    tried = 0
    for action in open_actions(record, "director", organisation):
        if action.hindrance is not None or action.command == "attach":
            continue
        texts = [one.name for one in fields_of(action) if _is_typed(one)]
        text = await act(browser, action.command, action.department, **dict.fromkeys(texts, HOSTILE))
        assert browser.status in {422, 503}, (action.command, browser.status)
        assert _SHOWN_RAW not in text
        form = action_form(browser, action.command, action.department)
        assert form is not None
        assert {name: form.fields[name].strip() for name in texts} == dict.fromkeys(texts, HOSTILE)
        tried += len(texts)
        await browser.open(f"/desk/cases/{NUMBER}")
    assert tried > 5


def _is_typed(field: Field) -> bool:
    return field.kind in {"text", "line"} and field.name not in {"department", "type"}
