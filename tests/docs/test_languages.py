"""The README is one page, and who reads Chinese learns as much as who reads English."""

from __future__ import annotations

import re

import pytest

from tests.docs.pages import PAGES, ROOT, prose, read, reference, rows

_READMES = [ROOT / "README.md", ROOT / "README.zh-CN.md"]
_GUIDES = [ROOT / "docs" / "guide.md", ROOT / "docs" / "guide.zh-CN.md"]
_LONGEST = 200
_COMMAND = re.compile(r"bihuan ([a-z][a-z-]*(?: [a-z]+)?)")
_NAMES = {words for named in reference().sections().values() for words in named}


def _commands(text: str) -> set[str]:
    said = _COMMAND.findall(text)
    return {one for one in said if one in _NAMES} | {one.partition(" ")[0] for one in said} & _NAMES


def test_the_readme_is_one_page() -> None:
    assert [len(read(page).splitlines()) <= _LONGEST for page in _READMES] == [True, True]


def test_both_readmes_have_the_same_sections_figures_and_sources() -> None:
    english, chinese = (read(page) for page in _READMES)
    assert len(re.findall(r"^#", prose(english), re.MULTILINE)) == len(re.findall(r"^#", prose(chinese), re.MULTILINE))
    assert re.findall(r"https?://[^\s)]+", english) == re.findall(r"https?://[^\s)]+", chinese)
    assert [len(row) for row in rows(english)] == [len(row) for row in rows(chinese)]
    assert _commands(english) == _commands(chinese)


def test_the_chinese_guide_names_every_command_that_the_english_one_does() -> None:
    english, chinese = (_commands(read(guide)) for guide in _GUIDES)
    assert sorted(english - chinese) == []


def test_the_chinese_page_of_the_api_has_every_address_status_and_example_of_the_english_one() -> None:
    english, chinese = (read(ROOT / "docs" / name) for name in ("api.md", "api.zh-CN.md"))
    tables = [list(rows(page)) for page in (english, chinese)]
    assert [len(row) for row in tables[0]] == [len(row) for row in tables[1]]
    for first, second in zip(*tables, strict=True):
        assert re.findall(r"`[^`]+`|\b[1-5]\d\d\b", first[0]) == re.findall(r"`[^`]+`|\b[1-5]\d\d\b", second[0])
    assert re.findall(r"^#+ ", prose(english), re.MULTILINE) == re.findall(r"^#+ ", prose(chinese), re.MULTILINE)
    assert set(re.findall(r"`[^`\n]+`", prose(english))) == set(re.findall(r"`[^`\n]+`", prose(chinese)))
    assert _commands(english) == _commands(chinese)


@pytest.mark.parametrize("words", sorted(_NAMES))
def test_every_command_is_explained_beside_the_list_of_all(words: str) -> None:
    pages = [page for page in PAGES if page.name not in {"commands.md", "CHANGELOG.md"}]
    assert any(re.search(rf"\b{words}\b", read(page)) for page in pages)
