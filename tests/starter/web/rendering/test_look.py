"""A company's portal has its name, colour and words; a fault in its files is one line, and never a closed door."""

from __future__ import annotations

from pathlib import Path

import pytest

from starter.web.rendering.look import Look, read_look
from starter.web.rendering.pages import Pages, page_faults, shipped_words
from workflows.domain.problem import Problem
from workflows.domain.vocabulary import Locale


def _own(folder: Path, name: str, text: str) -> Path:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, "utf-8")
    return file


def _keys(words: dict[str, object], above: str = "") -> set[str]:
    found: set[str] = set()
    for key, value in words.items():
        found |= _keys(value, f"{above}{key}.") if isinstance(value, dict) else {f"{above}{key}"}
    return found


def test_both_languages_have_every_text() -> None:
    assert _keys(shipped_words(Locale.ZH_CN)) == _keys(shipped_words(Locale.EN))


def test_a_company_changes_what_differs_and_keeps_the_rest(tmp_path: Path) -> None:
    _own(tmp_path, "web/site.toml", 'colour = "#0B5D3B"\nicp = "京ICP备12345678号"\n[names]\nen = "Service"\n')
    _own(tmp_path, "zh_CN/web.toml", '[home]\ntitle = "青禾书店客服"\n')
    look = read_look(tmp_path)
    assert (look.colour, look.icp, look.names) == ("#0b5d3b", "京ICP备12345678号", {Locale.EN: "Service"})
    assert look.privacy == read_look(None).privacy
    words = Pages(tmp_path).words(Locale.ZH_CN)
    assert (words["home"]["title"], words["home"]["new"]) == ("青禾书店客服", "提交问题")
    assert page_faults(tmp_path) == []
    assert Look(police="京公网安备 11010502000000号").police_code == "11010502000000"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('colour = "blue"', "colour: is no colour; allowed: such as #1d5fa8"),
        ('colour = "#ffee00"', "colour: is too light to be read on white (1.2:1); allowed: at least 4.5:1"),
        ('color = "#000000"', "color: is not known; allowed: colour, names, icp, police, privacy"),
        ('[names]\nfr = "Service"', "names.fr"),
        ("colour = ", "is no TOML"),
    ],
)
def test_a_fault_in_the_look_is_one_line(tmp_path: Path, text: str, said: str) -> None:
    file = _own(tmp_path, "web/site.toml", text)
    with pytest.raises(Problem) as refused:
        read_look(tmp_path)
    assert str(refused.value).startswith(f"{file}")
    assert said in str(refused.value)
    assert len(page_faults(tmp_path)) == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[home]\ntitel = "x"', "home.titel: is no text of the pages; allowed: title, lead"),
        ("[home]\ntitle = 1", "home.title: is no text; allowed: text in quotes"),
        ('home = "x"', "home: is no text; allowed: a table"),
        ('[done]\nanswer = "{when}"', "done.answer: {when} is not known here; allowed: {time}"),
    ],
)
def test_a_fault_in_the_words_is_one_line(tmp_path: Path, text: str, said: str) -> None:
    _own(tmp_path, "zh_CN/web.toml", text)
    with pytest.raises(Problem) as refused:
        Pages(tmp_path)
    assert said in str(refused.value)


def test_a_page_of_the_company_s_that_fails_gives_way_to_the_shipped_one(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    _own(tmp_path, "web/trouble.html", "{{ nothing.at.all }}")
    _own(tmp_path, "web/new.html", "{% if %}")
    _own(tmp_path, "web/nwe.html", "x")
    values = {
        "kind": "fault", "posted": {}, "company": {"hotline": ""}, "name": "x", "look": Look(), "path": "/",
        "can_switch": False, "privacy": False,
    }  # fmt: skip
    assert "出错了" in Pages(tmp_path).render("trouble.html", Locale.ZH_CN, values)
    assert "trouble.html:1" in caplog.text
    faults = page_faults(tmp_path)
    assert [fault.partition(": ")[0].rpartition("/")[2] for fault in faults] == ["new.html:1", "nwe.html"]
