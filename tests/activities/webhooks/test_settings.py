"""What is wrong with a webhook's settings is said in a line, and no secret or address is repeated (R47)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from activities.webhooks.build import build_channel
from tests.activities.webhooks.told import OTHER, SECRET, settings
from worker.installation.settings import load_settings
from workflows.domain.problem import Problem

URL = "https://shop.example.com/hook?token=T0pSecret"


def line(**given: Any) -> str:
    with pytest.raises(Problem) as caught:
        load_settings(webhooks={"shop": {"url": URL, "secret": SECRET, **given}})
    (only,) = str(caught.value).splitlines()
    assert "T0pSecret" not in only
    assert "MfKQ9r8" not in only
    return only.removeprefix("--webhooks-shop").removeprefix("-").removeprefix(": ")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"url": "http://shop.example.com/T0pSecret"}, "url is not https, which only addresses of your own network"),
        ({"url": "ftp://shop.example.com"}, "url: is not https; allowed: such as https://shop.example.com/hooks"),
        ({"url": "https://me:T0pSecret@shop.example.com"}, "url: holds a user or a fragment; allowed:"),
        ({"url": "shop.example.com"}, "url: is no address; allowed:"),
        ({"url": "https://shop.example.com:99999/"}, "url: is no address; allowed:"),
        ({"url": "https://商店.example.com/"}, "url: is no address; allowed:"),
        ({"secret": "T0pSecret"}, "secret: is no secret of a webhook; allowed: whsec_ and 24 to 64 bytes in base64"),
        ({"secret": "whsec_MfKQ9r8="}, "secret: is no secret of a webhook: it has 5 bytes; allowed:"),
        ({"secret": " "}, "secret: holds 0 secrets; allowed: 1 to 5"),
        ({"secret": None}, "secret and secret_file are both missing; allowed: one of them"),
        ({"secret_file": "x"}, "secret and secret_file are both set; allowed: one of them"),
        ({"events": ["closd"]}, "events-0: is no event of a case; allowed: created, classified,"),
        ({"events": ["review_opened"]}, "events: review_opened: no event of a case; allowed: created,"),
        ({"allow_private": ["10.0.0.0/33"]}, "allow-private: is neither true nor networks; allowed: such as true, or"),
        ({"allow_private": "yes"}, "allow-private: is neither true nor networks"),
        ({"timeout": "1m"}, "timeout: Input should be less than or equal to 15 seconds"),
        ({"rate": ["fast"]}, "rate-0: is no rate; allowed: a number and a time, such as 20/1m"),
        ({"contact": True}, "contact: no such setting; did you mean contacts?"),
    ],
)
def test_a_webhook_that_cannot_be_is_said_to_be_so(given: dict[str, Any], said: str) -> None:
    assert line(**given).startswith(said)


@pytest.mark.parametrize("name", ["customer", "system", "Shop", "a:b"])
def test_a_system_has_a_name_that_nothing_else_has(name: str) -> None:
    with pytest.raises(Problem, match=r"is taken; allowed|is no name that can stand here; allowed"):
        load_settings(webhooks={name: {"url": URL, "secret": SECRET}})
    with pytest.raises(Problem, match="webhook is taken: systems are set by webhooks"):
        load_settings(channels={"webhook": {"kind": "wecom_robot", "key": SECRET}})


def test_a_variable_says_what_is_let_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIHUAN_WEBHOOKS__SHOP__URL", "http://10.1.2.3/hook")
    monkeypatch.setenv("BIHUAN_WEBHOOKS__SHOP__SECRET", SECRET)
    for said, kept in (("true", "private"), ('["10.0.0.0/8", "127.0.0.1"]', "10.0.0.0/8, 127.0.0.1/32")):
        monkeypatch.setenv("BIHUAN_WEBHOOKS__SHOP__ALLOW_PRIVATE", said)
        assert str(load_settings().webhooks["shop"].allow_private) == kept


def test_a_secret_may_have_a_file_of_its_own_and_another_beside_it(tmp_path: Path) -> None:
    file = tmp_path / "shop.secret"
    file.write_text(f"{OTHER}\n{SECRET}\n")
    told = settings(URL, secret=None, secret_file=file)
    assert len(told.keys()) == 2
    assert (told.secret_files(), "T0pSecret" in repr(told)) == ([file], False)
    file.write_text("T0pSecret")
    with pytest.raises(Problem, match=r"^webhooks\.shop: secret_file: .*shop\.secret is no secret of a webhook"):
        build_channel("shop", told)
    file.unlink()
    with pytest.raises(Problem, match="cannot be read: No such file or directory"):
        build_channel("shop", told)
