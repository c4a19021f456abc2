"""Settings come from options, variables and file in that order, and mistakes are named where they were made."""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import BaseModel

from worker.installation.settings import Settings, load_settings
from worker.installation.variables import KNOWN_VARIABLES
from workflows.domain.problem import Problem


@pytest.fixture(autouse=True)
def _bare_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("BIHUAN_")]:
        monkeypatch.delenv(name)


def _fault(**options: object) -> str:
    with pytest.raises(Problem) as caught:
        load_settings(**options)
    return str(caught.value)


def test_nothing_has_to_be_set_to_begin(tmp_path: Path) -> None:
    settings = load_settings()
    assert settings.policy == "standard"
    assert settings.speed == 1
    assert settings.database == f"sqlite:///{tmp_path / 'bihuan-data' / 'bihuan.db'}"


def test_the_environment_goes_before_the_file_and_an_option_before_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bihuan.toml").write_text('policy = "feedback"\nspeed = 10\ntask_queue = "file"\n', "utf-8")
    monkeypatch.setenv("BIHUAN_SPEED", "20")
    monkeypatch.setenv("BIHUAN_TASK_QUEUE", "environment")
    settings = load_settings(speed=30, task_queue=None)
    assert (settings.policy, settings.task_queue, settings.speed) == ("feedback", "environment", 30)


def test_one_option_of_a_group_leaves_the_others_as_the_file_has_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bihuan.toml").write_text("[server]\nport = 7000\nui_port = 8000\n", "utf-8")
    monkeypatch.setenv("BIHUAN_SERVER__LOG_LEVEL", "warn")
    settings = load_settings(server={"port": 7001})
    assert (settings.server.port, settings.server.ui_port, settings.server.log_level) == (7001, 8000, "warn")


def test_paths_in_a_settings_file_are_found_from_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "etc"
    folder.mkdir()
    (folder / "company.toml").write_text(
        'organisation = "org.toml"\ndata = "/srv/cases"\narchive = "kept"\nreports = "told"\n', "utf-8"
    )
    monkeypatch.setenv("BIHUAN_CONFIG", str(folder / "company.toml"))
    settings = load_settings()
    assert settings.organisation == folder / "org.toml"
    assert settings.data == Path("/srv/cases")
    assert settings.archive_folder == folder / "kept"
    assert settings.report_folder == folder / "told"
    assert settings.attachment_folder == Path("/srv/cases/attachments")


def test_a_misspelt_variable_is_named_with_the_one_that_was_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIHUAN_SPED", "60")
    assert _fault() == "BIHUAN_SPED: no such setting; did you mean BIHUAN_SPEED?"


def test_a_misspelt_key_of_the_file_is_named_with_the_one_that_was_meant(tmp_path: Path) -> None:
    (tmp_path / "bihuan.toml").write_text("speeed = 2\n[sizes]\nactivites = 3\n", "utf-8")
    lines = _fault().splitlines()
    assert sorted(lines) == [
        "bihuan.toml: sizes.activites: no such setting; did you mean activities?",
        "bihuan.toml: speeed: no such setting; did you mean speed?",
    ]


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("BIHUAN_SPEED", "fast", "above 0"),
        ("BIHUAN_SPEED", "-1", "greater than 0"),
        ("BIHUAN_SPEED", "inf", "finite"),
        ("BIHUAN_VIRTUAL_START", "2026-05-11T09:00", "with offset"),
        ("BIHUAN_LOCALE", "fr", "'zh_CN' or 'en'"),
        ("BIHUAN_SIZES__ACTIVITIES", "0", "greater than or equal to 1"),
        ("BIHUAN_SERVER__PORT", "70000", "65535"),
        ("BIHUAN_MONITOR", "9464", "such as 127.0.0.1:9464"),
        ("BIHUAN_BUILD_ID", "1.4 beta", "without blanks"),
        ("BIHUAN_DEPLOYMENT", "bihuan.cn", "without dots"),
    ],
)
def test_a_bad_value_is_answered_with_where_it_stands_and_what_is_allowed(
    name: str, value: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    fault = _fault()
    assert fault.startswith(f"{name}: ")
    assert words in fault
    assert "\n" not in fault


def test_a_bad_option_is_named_as_it_was_typed() -> None:
    assert _fault(speed=0).startswith("--speed: ")
    assert _fault(server={"port": 0}).startswith("--port: ")


def test_a_secret_of_the_mail_server_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIHUAN_SMTP_URL", "smtp://user:geheim@mail.example.com")
    assert "geheim" not in repr(load_settings())


def test_a_settings_file_that_is_none_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bihuan.toml").write_text("speed = = 2\n", "utf-8")
    assert _fault().startswith("bihuan.toml: is no TOML: ")
    monkeypatch.setenv("BIHUAN_CONFIG", "elsewhere.toml")
    assert _fault() == "BIHUAN_CONFIG: there is no file elsewhere.toml"


def test_how_often_the_sweep_comes_is_said_with_its_unit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIHUAN_SWEEP", "90s")
    assert load_settings().sweep == timedelta(seconds=90)
    for wrong in ("5s", "2", "2d", "often"):
        monkeypatch.setenv("BIHUAN_SWEEP", wrong)
        with pytest.raises(Problem, match=r"^BIHUAN_SWEEP: .*; allowed: from 10s to 1d, such as 2m$"):
            load_settings()


def test_commands_that_only_read_find_a_misspelt_variable_without_loading_all_settings() -> None:
    assert set(_variables(Settings)) == KNOWN_VARIABLES


def _variables(model: type[BaseModel], prefix: str = "BIHUAN_") -> Iterable[str]:
    for name, field in model.model_fields.items():
        yield (variable := prefix + name.upper())
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _variables(field.annotation, variable + "__")
