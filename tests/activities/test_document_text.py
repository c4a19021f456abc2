"""What people hand in as JSON or TOML is kept whole, or refused with the place of what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from activities.document_text import parse_json_object, parse_toml, read_toml_table
from workflows.domain.problem import Problem


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"customer": {"name": "\\ud83d"}}', "customer.name: holds half a character, U+D83D; allowed: whole ones"),
        ('{"a": [1, {"\\udc00": 2}]}', "a.1.\N{REPLACEMENT CHARACTER}: the key holds half a character, U+DC00"),
        ('{"a": {"b": ' + "9" * 5_000 + "}}", "a.b: is a number that is too long; allowed: at most 18 digits"),
        ('{"a": ' + "-1" + "0" * 18 + "}", "a: is a number that is too long"),
        ('{"a": 1e999}', "a: is no finite number"),
        ('{"a": NaN}', "a: is no finite number"),
        ('{"a": 1, "b": {"c": 1, "d": 2, "c": 3}}', "b.c: is given twice; allowed: once"),
        (
            "{" + "".join(f'"k{n}": 1, ' for n in range(90_000)) + '"k89999": 2}',
            "k89999: is given twice; allowed: once",
        ),
        ('{"a":\n "[[", "b":\n' + "[" * 100_000, "is nested too deeply (at line 3, column 50); allowed: 50 levels"),
        ('{"a": ' + "[" * 60 + "]" * 60 + "}", "a.0.0…: is nested too deeply; allowed: 50 levels"),
        ('{"a":\n 1,}', "is no JSON: "),
        ("7", "is no JSON object but 7; allowed: one JSON object"),
    ],
)
def test_a_document_that_could_not_be_kept_is_refused_with_the_place(text: str, said: str) -> None:
    with pytest.raises(Problem) as refused:
        parse_json_object(text)
    assert str(refused.value).startswith(said)
    assert len(str(refused.value)) < 200
    assert "\n" not in str(refused.value)


def test_whole_characters_and_numbers_are_kept_as_they_are() -> None:
    assert parse_json_object('{"a": ["\\ud83d\\ude00", 123456789012345678, -1.5, true, null]}') == {
        "a": ["\N{GRINNING FACE}", 123_456_789_012_345_678, -1.5, True, None]
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a = 1\nb = " + "7" * 5_000, "is no TOML: a number is too long (at line 2, column 5)"),
        ("a = 0x" + "f" * 5_000, "a: is a number that is too long"),
        ("# [[[[\na = " + "[" * 100_000, "is nested too deeply (at line 2, column 55)"),
        (".".join(["a"] * 3_000) + " = 1", "a.a.a…: is nested too deeply"),
        ("a = 1\na = 2\n", "is no TOML: Cannot overwrite a value (at line 2, column 6"),
        ('a = "\\ud800"', "is no TOML: "),
    ],
)
def test_a_file_that_no_policy_can_be_is_refused_with_the_place(text: str, said: str) -> None:
    with pytest.raises(Problem) as refused:
        parse_toml(text.encode())
    assert str(refused.value).startswith(said)


def test_a_file_is_named_with_what_is_wrong_in_it(tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    file.write_bytes(b"a = 1\nb = '\xff'\n")
    with pytest.raises(Problem, match=r"own\.toml: line 2: is no UTF-8; allowed: TOML saved as UTF-8"):
        read_toml_table(file)
