"""The address that customers see is right, or it is refused before any message carries it."""

from __future__ import annotations

from pathlib import Path

import pytest

from worker.installation.settings import load_settings
from workflows.domain.problem import Problem


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("https://service.example.com", "https://service.example.com"),
        ("https://service.example.com/", "https://service.example.com"),
        (" HTTPS://Service.Example.COM// ", "https://service.example.com"),
        ("\u200bhttps://service.example.com\ufeff", "https://service.example.com"),
        ("https://service.example.com:8443/", "https://service.example.com:8443"),
        ("https://intranet", "https://intranet"),
        ("https://203.0.113.7", "https://203.0.113.7"),
        ("https://[2001:DB8::1]:8443", "https://[2001:db8::1]:8443"),
        ("https://xn--fiqs8s.example", "https://xn--fiqs8s.example"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://localhost:8080/", "http://localhost:8080"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_a_slash_or_capitals_make_no_other_address(given: str, meant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIHUAN_WEB__URL", given)
    assert load_settings().web.url == meant


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("http//https://service.example.com", "is no web address"),
        ("https//service.example.com", "is no web address"),
        ("https://https://service.example.com", "is no web address"),
        ("https:/service.example.com", "is no web address"),
        ("service.example.com", "is no web address"),
        ("ftp://service.example.com", "is no web address"),
        ("javascript:alert(1)", "is no web address"),
        ("https://", "is no web address"),
        ("https://a b.example.com", "is no web address"),
        ("https://-a.example.com", "is no web address"),
        ("https://a..example.com", "is no web address"),
        ("https://a.example.com.", "is no web address"),
        ('https://a.example.com"><script>', "is no web address"),
        ("https://a.example.com\nBcc: x@example.com", "has a user name or password in it"),
        ("https://a.example.com\n", None),
        ("https://客服.example.com", "has letters that are not ASCII (write such a host name in its xn-- form)"),
        ("https://user:geheim@service.example.com", "has a user name or password in it"),
        ("https://service.example.com/portal", "has something behind the host"),
        ("https://service.example.com/?a=1", "has something behind the host"),
        ("https://service.example.com#x", "has something behind the host"),
        ("https://service.example.com:0", "port 0 is none"),
        ("https://service.example.com:99999", "port 99999 is none"),
        ("https://999.1.1.1", "the host is no name and no address"),
        ("https://[::g]", "is no web address"),
        ("https://[1::2::3]", "the host is no name and no address"),
        ("https://" + ".".join(["a" * 60] * 5), "the host is no name and no address"),
        ("http://service.example.com", "links would go over an open line"),
        ("http://192.168.1.7:8080", "links would go over an open line"),
    ],
)
def test_what_is_no_such_address_is_refused_in_one_line(
    given: str, said: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BIHUAN_WEB__URL", given)
    if said is None:
        assert load_settings().web.url == given.strip()
        return
    with pytest.raises(Problem) as refused:
        load_settings()
    line = str(refused.value)
    assert line.startswith(f"BIHUAN_WEB__URL: {said}")
    assert "allowed: https://HOST or https://HOST:PORT, such as https://service.example.com" in line
    assert "\n" not in line
    assert "geheim" not in line


def test_a_setting_of_the_pages_that_is_not_known_is_named(tmp_path: Path) -> None:
    (tmp_path / "bihuan.toml").write_text('[web]\nuri = "https://service.example.com"\n', "utf-8")
    with pytest.raises(Problem, match=r"bihuan\.toml: web\.uri: no such setting; did you mean url\?"):
        load_settings()
