"""What customers hand in becomes one case each, whole, and what is wrong is said in a line."""

from __future__ import annotations

import asyncio
import json

import pytest

from tests.activities.files import made
from tests.starter.command_line import intake_form
from tests.starter.end_to_end.desk import MARKUP, Desk, refused
from tests.starter.installation import Installation, gap_free

pytestmark = pytest.mark.xdist_group("end_to_end")


async def test_a_customer_gets_one_number_by_file_or_pipe_however_often_the_form_is_sent(
    installation: Installation,
) -> None:
    form = json.dumps(intake_form(intake_key="double-click"), ensure_ascii=False)
    (installation.folder / "form.json").write_text(form, "utf-8")
    first = (await installation.run("open", "form.json", "--json")).value
    again, piped = await asyncio.gather(
        installation.run("open", "form.json", "--json"), installation.run("open", "-", "--json", given=form)
    )
    assert first == {"number": first["number"], "created": True}
    assert first["number"].startswith("FB20260511")
    assert again.value == piped.value == {"number": first["number"], "created": False}
    assert gap_free(await installation.until_case(first["number"], lambda case: bool(case["owner"])))


async def test_what_a_customer_attaches_reaches_the_owner_and_a_case_that_is_closed_takes_nothing(
    installation: Installation,
) -> None:
    for name, content in {"屏幕.png": made.picture("PNG"), "log.txt": b"ERROR\n", "again.txt": b"ERROR 2\n"}.items():
        (installation.folder / name).write_bytes(content)
    form = json.dumps(intake_form(intake_key="with-files"), ensure_ascii=False)
    opened = (await installation.run("open", "-", "--json", "--attach", "屏幕.png", given=form)).value
    number = opened["number"]
    before = installation.numbers()
    (installation.folder / "setup.exe").write_bytes(made.PROGRAM)
    other = json.dumps(intake_form(intake_key="with-a-program"), ensure_ascii=False)
    bad = await installation.run("open", "-", "--attach", "屏幕.png", "setup.exe", given=other)
    assert (bad.code, bad.out, len(bad.err.splitlines())) == (1, "", 1)
    assert bad.err.startswith("bihuan: setup.exe: files of this kind are not taken")
    assert installation.numbers() == before
    owner = (await installation.until_case(number, lambda case: bool(case["owner"])))["owner"]
    attached = await installation.run("attach", number, "log.txt", "--as", "customer", "--json", "--command-id", "a-1")
    assert attached.value["outcome"] in {"accepted", "queued"}, attached
    case = await installation.until_case(number, lambda case: case["timeline"][-1]["kind"] == "attached")
    (entry,) = case["timeline"][-1]["detail"]["files"]
    assert (entry["name"], entry["size"], entry["type"]) == ("log.txt", 6, "text")
    told = await installation.until_outbox(number, lambda rows: any(row["event"] == "attached" for row in rows))
    assert [row["recipient"] for row in told if row["event"] == "attached"] == [owner]
    again = await installation.run("attach", number, "again.txt", "--as", "customer", "--json", "--command-id", "a-1")
    assert again.value["outcome"] == "accepted"
    await installation.send("withdraw", number, "customer", "--why", "不需要了")
    await installation.until_case(number, lambda case: bool(case["status"] == "closed"))
    refused = await installation.run("attach", number, "again.txt", "--as", "customer")
    assert (refused.code, refused.err) == (1, f"bihuan: {number} is closed; a new issue needs a new case\n")
    shown = (await installation.run("show", number, "--json")).value
    assert [(one["name"], one["via"]) for one in shown["files"]] == [("屏幕.png", "console"), ("log.txt", "console")]
    assert shown["form"]["attachments"] == ["屏幕.png"]
    stored = (path.read_bytes() for path in (installation.data / "files").glob("??/*"))
    assert sorted(stored) == sorted([made.picture("PNG"), b"ERROR\n"])


_BAD_FORMS: dict[str, tuple[dict[str, object], str]] = {
    "six attachments": ({"attachments": list("123456")}, "attachments: are 6; allowed: at most 5"),
    "no contact": ({"customer": {"name": "王芳"}}, "customer: has no contact; allowed: at least one of phone"),
    "unknown type": ({"type": "魔法"}, "type: '魔法' is not known; allowed: technical 技术类"),
    "unknown channel": ({"channel": "pigeon"}, "channel: 'pigeon' is not known; allowed: hotline"),
    "future": ({"occurred_at": "2026-05-12T09:00+08:00"}, "occurred_at: '2026-05-12T09:00+08:00' is in the future"),
    "phone": ({"customer": {"name": "王芳", "phone": "12"}}, "customer.phone: '12' is no phone number"),
    "long": ({"description": {"symptom": "长" * 34_000}}, "description: is 102000 bytes long; allowed: at most"),
    "bell": ({"product": "a\x07b"}, "product: holds the control character U+0007"),
    "unknown key": ({"shoe": 4}, "shoe: is not known; allowed: intake_key, channel, customer"),
}


async def test_an_import_takes_the_good_lines_names_the_bad_ones_and_adds_nothing_twice(
    installation: Installation,
) -> None:
    before = installation.numbers()
    bad = {f"form: {said}": json.dumps(intake_form(**form), ensure_ascii=False) for form, said in _BAD_FORMS.values()}
    bad |= {
        "is no JSON: ": '{"channel": "portal"',
        "is nested too deeply": "[" * 100_000,
        "is no JSON object but [1, 2]": "[1, 2]",
    }
    good = [json.dumps(intake_form(product=product), ensure_ascii=False) for product in ("产品一", "产品二")]
    (installation.folder / "issues.jsonl").write_text("\n".join([good[0], "", *bad.values(), good[1]]), "utf-8")
    first = await installation.run("import", "issues.jsonl", "--json")
    again = await installation.run("import", "issues.jsonl", "--json")
    tallies = [json.loads(answer.out) for answer in (first, again)]
    assert (first.code, again.code) == (1, 1)
    assert [(tally["created"], tally["known"]) for tally in tallies] == [(2, 0), (0, 2)]
    assert len(tallies[0]["failed"]) == len(bad)
    for line, (said, fault) in enumerate(zip(bad, tallies[0]["failed"], strict=True), start=3):
        assert fault["line"] == line
        assert fault["error"].startswith(said)
        assert f"bihuan: line {line}: {said}" in first.err
    assert len(first.err.splitlines()) == len(bad)
    assert len(installation.numbers() - before) == 2


async def test_a_form_that_is_wrong_gets_one_line_and_leaves_nothing_behind(installation: Installation) -> None:
    before = installation.numbers()
    good = json.dumps(intake_form(), ensure_ascii=False)
    (installation.folder / "empty.json").write_bytes(b"")
    (installation.folder / "gb.json").write_bytes(good.encode("gb18030"))
    asked = {
        "form: attachments: are 6; allowed: at most 5": installation.run(
            "open", "-", given=json.dumps(intake_form(attachments=list("123456")))
        ),
        "form: is no JSON: ": installation.run("open", "-", given=good[:-1]),
        "form: is no JSON object but []": installation.run("open", "-", given="[]"),
        "empty.json: is empty; allowed: one JSON object": installation.run("open", "empty.json"),
        "gb.json: is no UTF-8 at byte ": installation.run("open", "gb.json"),
        "nowhere.json: cannot be read: No such file or directory": installation.run("open", "nowhere.json"),
        ".: cannot be read: is a folder; allowed: an ordinary file": installation.run("open", "."),
        "standard input: is too long; allowed: at most 1,000,000 bytes": installation.run(
            "open", "-", given=" " * 2_000_000
        ),
    }
    for said, answer in zip(asked, await asyncio.gather(*asked.values()), strict=True):
        assert refused(answer, f"bihuan: {said}")
    assert installation.numbers() == before


async def test_markup_in_a_name_is_a_name_everywhere(desk: Desk) -> None:
    installation, number = desk.installation, desk.numbers["markup"]
    assert MARKUP in (await installation.run("show", number)).out
    await installation.until_outbox(number, lambda rows: all(row["status"] == "sent" for row in rows))
    (mail,) = [mail for mail in desk.mail.mails if "markup@example.com" in mail["To"]]
    html = mail.get_body(("html",))
    assert html is not None
    assert "<script>" not in html.get_content()
