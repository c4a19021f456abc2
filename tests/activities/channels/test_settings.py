"""A channel that is set wrong is known before anything is sent, in one line, and no secret is in any line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from activities.channels.build import build_channels
from tests.activities.channels.made import ALIYUN, ALL, GATEWAY, SECRET, TENCENT, WECOM, channel, read_channels
from worker.installation.settings import load_settings
from workflows.domain.problem import Problem


def template(text: str, *variables: str, **more: Any) -> dict[str, Any]:
    return {"templates": {"created": {"id": "SMS_1", "text": text, "variables": list(variables), **more}}}


FAULTS: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    (ALIYUN, template("编号${number}", "number", "product"), "the text has 1 variables, 2 are named"),
    (ALIYUN, template("编号${number}。", "phone"), "phone not known; allowed: number, product"),
    (ALIYUN, template("您的${product}${number}已受理", "product", "number"), "two variables stand side by side"),
    (ALIYUN, template("${number}", "number"), "of variables only"),
    (ALIYUN, template("请点 https://h.example/${code} 查看", "number"), "part of a link"),
    (ALIYUN, template("编号{1}。", "number"), "variables of this vendor are written ${name}"),
    (ALIYUN, template("编号${number}。", "number", longest=60), "longest is 60; allowed: at most 35"),
    (TENCENT, template("编号${number}。", "number"), "variables of this vendor are written {1}"),
    (TENCENT, template("编号{1}，{3}。", "number", "product"), "without a gap"),
    (ALIYUN, {"templates": {}}, "templates: Dictionary should have at least 1 item"),
    (ALIYUN, {"access_key_secret": None}, "access_key_secret is missing"),
    (ALIYUN, {"access_key_secret_file": "x"}, "are both set"),
    (WECOM, {"endpoint": "http://qyapi.weixin.qq.com/x"}, "is not https"),
    (WECOM, {"endpoint": "https://u:p@example.com"}, "holds a user"),
    (WECOM, {"endpoint": "https://example.com/send?key=abc"}, "a query"),
    (WECOM, {"endpoint": "ftp://127.0.0.1/"}, "is not https"),
    (WECOM, {"rate": ["often"]}, "is no rate; allowed"),
    (GATEWAY, {"endpoint": "http://127.0.0.1/", "body": "{{ phone }}"}, "'phone' is undefined; allowed: to, text"),
    (GATEWAY, {"endpoint": "http://127.0.0.1/", "body": '{"a": {{ text }}}'}, "is no JSON once it is filled in"),
    (GATEWAY, {"endpoint": "http://127.0.0.1/", "body": "{% for %}"}, "body:"),
    (GATEWAY, {"endpoint": "http://127.0.0.1/", "body": '"{{ text.__class__.mro() }}"'}, "body:"),
    (GATEWAY, {"endpoint": "http://127.0.0.1/", "headers": {"X Y": "1"}}, "no name of a header"),
]  # fmt: skip


@pytest.mark.parametrize(("settings", "changes", "said"), FAULTS, ids=[said for *_, said in FAULTS])
def test_what_is_wrong_with_a_channel_is_said_before_it_sends(
    monkeypatch: pytest.MonkeyPatch, settings: dict[str, Any], changes: dict[str, Any], said: str
) -> None:
    given = {key: value for key, value in {**settings, **changes}.items() if value is not None}
    with pytest.raises(Problem) as caught:
        build_channels(load_settings(channels={"sms": given}).channels)
    assert said in str(caught.value)
    assert "sms" in str(caught.value)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("kind", sorted(ALL))
def test_no_secret_is_shown_by_what_holds_it(kind: str) -> None:
    settings = {"endpoint": "https://example.com/send", **ALL[kind]}
    read = read_channels(one=settings)
    made = channel(settings)
    assert SECRET not in f"{read!r} {read} {made!r} {made.vendor!r}"
    assert SECRET not in read["one"].model_dump_json()


def test_secrets_come_from_files_beside_the_settings_and_from_variables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "robot.key").write_text("from-a-file\n")
    (tmp_path / "bihuan.toml").write_text(
        '[channels.robot]\nkind = "wecom_robot"\nkey_file = "robot.key"\n[channels.sms]\nkind = "wecom_robot"\n'
    )
    monkeypatch.setenv("BIHUAN_CONFIG", str(tmp_path / "bihuan.toml"))
    monkeypatch.setenv("BIHUAN_CHANNELS__SMS__KEY", "from-a-variable")
    settings = load_settings().channels
    assert [settings[name].secret("key") for name in ("robot", "sms")] == ["from-a-file", "from-a-variable"]
    (tmp_path / "robot.key").unlink()
    with pytest.raises(Problem, match=r"channels\.robot: key_file: .* cannot be read: No such file"):
        build_channels(load_settings().channels)


def test_faults_of_the_file_name_their_place_and_repeat_no_value(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "bihuan.toml"
    path.write_text(
        '[channels.sms]\nkind = "wecom_robot"\nkey = "hush-hush"\nkeey = "hush-hush"\n'
        '[channels.pigeon]\nkind = "hush-hush"\n[channels.Upper]\nkind = "wecom_robot"\nkey = 4711\n'
    )
    monkeypatch.setenv("BIHUAN_CONFIG", str(path))
    with pytest.raises(Problem) as caught:
        load_settings()
    lines = str(caught.value).splitlines()
    assert f"{path}: channels.sms.keey: no such setting; did you mean key?" in lines
    assert any(line.startswith(f"{path}: channels.pigeon: kind is missing or not known; allowed: al") for line in lines)
    assert any(line.startswith(f"{path}: channels.Upper: is no name that can stand here") for line in lines)
    assert "hush" not in str(caught.value)
    assert "4711" not in str(caught.value)


def test_mail_is_no_name_of_a_channel() -> None:
    with pytest.raises(Problem, match="mail is taken: mail is set by smtp_url"):
        load_settings(channels={"mail": WECOM})
