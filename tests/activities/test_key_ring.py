"""Keys are read from settings and files, and a wrong one is named without showing any of it."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from activities.key_ring import Key, KeyRing
from worker.installation.settings import load_settings
from workflows.domain.problem import Problem

_A, _B = (base64.b64encode(bytes([number]) * 32).decode() for number in (251, 7))
_SHORT = base64.b64encode(b"\xfb" * 31).decode()


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


def test_keys_are_read_from_a_line_or_a_file_the_first_encrypts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BIHUAN_ENCRYPTION_KEYS", f" 2026-11:{_A} , 2026-05:{_B}")
    from_line = load_settings().key_ring()
    monkeypatch.delenv("BIHUAN_ENCRYPTION_KEYS")
    (tmp_path / "keys").write_text(f"# newest first\n2026-11:{_A}   # since November\n\n2026-05:{_B}\n", "utf-8")
    (tmp_path / "bihuan.toml").write_text('encryption_keys_file = "keys"\n', "utf-8")
    from_file = load_settings().key_ring()
    assert from_line == from_file
    assert from_line is not None
    assert [key.id for key in from_line.keys] == ["2026-11", "2026-05"]
    assert from_line.first.secret == b"\xfb" * 32
    assert load_settings(encryption_keys_file=None, encryption_keys=f"x:{_A.replace('+', '-').replace('/', '_')}")


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        (_A, "key 1 has no id"),
        (f"2026-11:{_A},{_B}", "key 2 has no id"),
        (f"{_A}:2026-11", "the id of key 1 is not understood"),
        (f"2026-11:{_A},2026-11:{_B}", "two keys have the id 2026-11"),
        (f"2026-11:{_SHORT}", "key 2026-11 has 31 bytes; allowed: 32"),
        (f"2026-11:{_A[:-2]}!", "key 2026-11 is no base64"),
        (f"2026-11:{_A} 2026-05:{_B}", "key 2026-11 is no base64"),
        ("2026-11:", "key 2026-11 has 0 bytes"),
        (" , ", "holds no key"),
    ],
)
def test_a_wrong_key_is_one_line_that_says_nothing_of_any_key(
    keys: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BIHUAN_ENCRYPTION_KEYS", keys)
    with pytest.raises(Problem) as caught:
        load_settings()
    (tmp_path / "keys").write_text(keys, "utf-8")
    with pytest.raises(Problem) as of_file:
        KeyRing.read(tmp_path / "keys")
    for fault, where in ((caught, "BIHUAN_ENCRYPTION_KEYS: "), (of_file, f"{tmp_path / 'keys'}: ")):
        text = str(fault.value)
        assert text.startswith(where + said)
        assert "\n" not in text
        assert not any(secret[:6] in text for secret in (_A, _B, _SHORT))


def test_keys_in_two_places_or_in_a_file_that_is_not_there_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIHUAN_ENCRYPTION_KEYS_FILE", "nowhere")
    with pytest.raises(Problem, match="nowhere: cannot be read: No such file or directory"):
        load_settings().key_ring()
    monkeypatch.setenv("BIHUAN_ENCRYPTION_KEYS", f"2026-11:{_A}")
    with pytest.raises(Problem, match="encryption_keys and encryption_keys_file are both set"):
        load_settings().key_ring()


def test_a_key_or_token_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIHUAN_ENCRYPTION_KEYS", f"2026-11:{_A}")
    monkeypatch.setenv("BIHUAN_CODEC_TOKEN", "geheim-geheim-geheim")
    settings = load_settings()
    assert "geheim" not in repr(settings)
    assert _A not in repr((settings, settings.key_ring()))
    monkeypatch.setenv("BIHUAN_CODEC_TOKEN", "geheim")
    with pytest.raises(Problem) as caught:
        load_settings()
    assert str(caught.value).startswith("BIHUAN_CODEC_TOKEN: ")
    assert "geheim" not in str(caught.value)


def test_a_new_key_is_a_line_that_settings_take_and_never_the_same() -> None:
    first, second = Key.new("2026-11"), Key.new("2026-11")
    assert KeyRing.parse(first.line()).first == first
    assert first.secret != second.secret
    with pytest.raises(Problem, match="key id 'a:b'"):
        Key.new("a:b")
