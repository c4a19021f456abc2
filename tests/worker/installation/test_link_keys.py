"""The keys of links are there from the first start, for nobody else, and stay what they are."""

from __future__ import annotations

import resource
from datetime import UTC, datetime
from pathlib import Path

import pytest

from activities.key_ring import Key, KeyRing
from worker.installation.link_keys import make_link_keys
from worker.installation.private_files import open_paths
from worker.installation.settings import IsolatedSettings, load_settings
from workflows.domain.problem import Problem

NOW = datetime(2026, 11, 27, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


def test_they_are_made_once_for_this_user_alone(tmp_path: Path) -> None:
    settings = IsolatedSettings(data=tmp_path / "data")
    assert settings.link_key_ring() is None
    make_link_keys(settings, NOW)
    made = settings.link_key_ring()
    assert made is not None
    assert made.first.id.startswith("2026-11-")
    assert (tmp_path / "data" / "link-keys").stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in (tmp_path / "data").iterdir()] == ["link-keys"]
    make_link_keys(settings, NOW)
    assert settings.link_key_ring() == made
    assert open_paths(settings) == []


def test_none_are_made_where_the_settings_name_some(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    new, old = Key.new("new"), Key.new("old")
    monkeypatch.setenv("BIHUAN_LINK_KEYS", f"{new.line()},{old.line()}")
    settings = load_settings(data=tmp_path / "data")
    make_link_keys(settings, NOW)
    assert not (tmp_path / "data").exists()
    assert settings.link_key_ring() == KeyRing((new, old))
    assert new.line() not in repr(settings)


def test_a_file_of_keys_that_others_can_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bihuan.toml").write_text('link_keys_file = "etc-keys"\n', "utf-8")
    (tmp_path / "etc-keys").write_text(Key.new("2026-11").line(), "utf-8")
    (tmp_path / "etc-keys").chmod(0o644)
    settings = load_settings(data=tmp_path / "data")
    assert settings.link_key_ring() is not None
    assert [found.finding for found in open_paths(settings)] == [
        "file of keys etc-keys is open to other accounts of this machine (mode 0644)"
    ]
    monkeypatch.setenv("BIHUAN_LINK_KEYS", Key.new("2026-11").line())
    with pytest.raises(Problem, match="link_keys and link_keys_file are both set; allowed: one of them"):
        load_settings(data=tmp_path / "data").link_key_ring()


def test_a_wrong_key_is_refused_without_a_word_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIHUAN_LINK_KEYS", "geheim")
    with pytest.raises(Problem) as refused:
        load_settings()
    assert str(refused.value).startswith("BIHUAN_LINK_KEYS: key 1 has no id; allowed: ID:KEY")
    assert "geheim" not in str(refused.value)


def test_a_key_that_cannot_be_written_is_named_and_leaves_nothing_behind(tmp_path: Path) -> None:
    # Not by the folder's mode, which holds no administrator back.
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        with pytest.raises(Problem, match="link-keys: cannot be written: File too large"):
            make_link_keys(IsolatedSettings(data=tmp_path / "data"), NOW)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list((tmp_path / "data").iterdir()) == []
