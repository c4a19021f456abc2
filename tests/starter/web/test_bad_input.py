"""Whatever is sent to the pages, the answer is clear, nothing is half done, and the process goes on (R40, R41)."""

from __future__ import annotations

import asyncio
import re
import time
from pathlib import Path

import pytest

from tests.activities.queries.test_customer_view import PHONE
from tests.builders import NUMBER
from tests.starter.web.conftest import Portal
from tests.timeouts import TIMEOUT
from workflows.domain.vocabulary import LinkPurpose

_MULTIPART = "multipart/form-data; boundary=x"
_URLENCODED = "application/x-www-form-urlencoded"


async def _raw(portal: Portal, head: str, body: bytes, *, cut: bool = False) -> bytes:
    """What comes back for these bytes; `cut`: the visitor's line breaks after them."""
    reader, writer = await asyncio.open_connection("127.0.0.1", portal.settings.web.port)
    writer.write(head.replace("\n", "\r\n").encode() + b"\r\n\r\n" + body)
    try:
        await writer.drain()
        if cut:
            writer.write_eof()
        return await asyncio.wait_for(reader.read(), TIMEOUT)
    except ConnectionError:
        return b""
    finally:
        writer.close()


def _head(path: str, kind: str, length: int) -> str:
    return f"POST {path} HTTP/1.1\nHost: localhost\nConnection: close\nContent-Type: {kind}\nContent-Length: {length}"


_PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
_PART = b'--x\r\nContent-Disposition: form-data; name="symptom"'
_FORMS = {
    "a million fields": (_URLENCODED, b"&".join([b"a=1"] * 1_000_000), {413, 400}),
    "70 fields": (_URLENCODED, b"a=1&" * 70, {400}),
    "1 MB": (_URLENCODED, b"symptom=" + b"a" * 1_000_000, {413}),
    "no text": (_URLENCODED, b"%ff%fe=%00&\xff\xfe=&&&===", {403, 422}),
    "100,000 headers": (_MULTIPART, b"--x\r\n" + b"".join(b"H%d: x\r\n" % n for n in range(100_000)), {400, 413}),
    "a header of 9 MB": (_MULTIPART, _PART + b"; x=" + b"y" * 9_000_000 + b"\r\n\r\n", {400, 413}),
    "cut": (_MULTIPART, _PART + b"\r\n\r\n" + b"a" * 290_000, {400, 413}),
    "nameless": (_MULTIPART, b"--x\r\nContent-Disposition: form-data\r\n\r\na\r\n--x--", {400}),
    "no boundary": ("multipart/form-data", b"--x", {400}),
    "another boundary": (_MULTIPART, b"no boundary at all", {400, 403}),
    "JSON": ("application/json", b'{"symptom": 1}', {403, 422}),
}


@pytest.mark.parametrize("path", ["/new", "/new/send", "/case"])
@pytest.mark.parametrize("name", _FORMS)
async def test_a_form_that_is_none_gets_one_clear_page_within_a_second(portal: Portal, path: str, name: str) -> None:
    kind, body, statuses = _FORMS[name]
    began = time.process_time()
    answer = await _raw(portal, _head(path, kind, len(body)), body)
    assert not answer or int(answer.split()[1]) in statuses, answer[:200]
    assert time.process_time() - began < 5
    browser = portal.browser()
    assert "提交问题" in await browser.open("/")


@pytest.mark.parametrize("sent", [0, 1, 3, 4, 5, 20, 60, 70, 74, 76, 77, 80, 5_000, 100_000])
@pytest.mark.parametrize("path", ["/new", "/case/supply"])
async def test_a_line_that_breaks_in_the_middle_leaves_nothing(portal: Portal, path: str, sent: int) -> None:
    part = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.pdf"\r\n\r\n' + _PDF * 5_000
    files = sorted(portal.settings.data.rglob("*"))
    before = len(await portal.installation.register.unstarted())
    await _raw(portal, _head(path, _MULTIPART, 1_000_000), part[:sent], cut=True)
    assert len(await portal.installation.register.unstarted()) == before
    assert sorted(portal.settings.data.rglob("*")) == files
    assert "提交问题" in await portal.browser().open("/")


async def test_five_gigabytes_are_refused_before_they_are_sent(portal: Portal) -> None:
    answer = await _raw(portal, _head("/new", _MULTIPART, 5_000_000_000), b"--x\r\n")
    assert answer.split()[1] == b"413"
    assert "内容太大".encode() in answer


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": "null"},
        {"Origin": "http://127.0.0.1.evil.example"},
    ],
)
async def test_a_post_of_another_site_does_nothing(portal: Portal, headers: dict[str, str]) -> None:
    browser = portal.browser()
    await browser.open(await portal.link(LinkPurpose.CONFIRM))
    form = browser.form("/case/act")
    answer = await browser.client.post("/case/act", data={**form.fields, "choice": "confirm"}, headers=headers)
    assert answer.status_code == 403
    assert "请在本网站上操作" in answer.text
    assert "set-cookie" not in answer.headers
    assert (await browser.client.get("/case/act/confirm")).status_code == 303


async def test_browsers_that_say_no_origin_are_believed_by_the_token_of_the_form(portal: Portal) -> None:
    browser = portal.browser()
    await browser.open(await portal.link(LinkPurpose.CONFIRM))
    form = browser.form("/case/act").fields
    for headers in ({"Origin": "null"}, {"Origin": portal.address, "Sec-Fetch-Site": "same-origin"}, {}):
        sent = {**form, "choice": "confirm"}
        answer = await browser.client.post("/case/act", data=sent, headers=headers)
        assert answer.headers["location"] == "/case/act/confirm"
    answer = await browser.client.post("/case/act", data={**sent, "csrf": "0" * 64})
    assert answer.headers["location"] == "/case"


@pytest.mark.parametrize(
    "path", ["/nothing", "/case/act/%2e%2e", "/case/act/rate-6", "/files/..%2f..%2fetc", "/%ff", "/l"]
)
async def test_an_address_that_is_none_leads_nowhere(portal: Portal, path: str) -> None:
    browser = portal.browser()
    await browser.open(await portal.link(LinkPurpose.CONFIRM))
    answer = await browser.client.get(path)
    assert answer.status_code in {303, 404}
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "etc/passwd" not in answer.text


@pytest.mark.parametrize("path", ["/desk/cases/%00", "/board?department=%00", "/case?x=a%00b", "/l/%00"])
async def test_an_address_with_a_nul_is_none_before_a_database_that_refuses_it_is_asked(
    portal: Portal, path: str
) -> None:
    assert (await portal.browser().client.get(path)).status_code == 404


async def test_a_nul_in_a_form_is_a_sign_like_any_other(portal: Portal) -> None:
    browser = portal.browser()
    await browser.open("/case")
    await browser.send("/case", number=f"{NUMBER}\0", contact=f"{PHONE}\0")
    assert browser.status == 404
    assert "\0" not in browser.page.text
    assert f"{NUMBER}\N{REPLACEMENT CHARACTER}" in browser.page.text


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
async def test_other_methods_do_nothing(portal: Portal, method: str) -> None:
    answer = await portal.browser().client.request(method, "/case")
    assert answer.status_code in {404, 405}


async def test_every_answer_tells_the_browser_to_be_careful(portal: Portal) -> None:
    browser = portal.browser()
    for path in (
        "/",
        "/new",
        "/case",
        await portal.link(LinkPurpose.RATE),
        "/l/x",
        "/nothing",
        "/style.css",
        "/healthz",
    ):
        headers = (await browser.client.get(path)).headers
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-robots-tag"].startswith("noindex")
        assert headers["x-content-type-options"] == "nosniff"
        policy = headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert headers["cache-control"] == ("public, max-age=86400" if path == "/style.css" else "no-store")
        assert "strict-transport-security" not in headers
        for cookie in headers.get_list("set-cookie"):
            assert "HttpOnly" in cookie
            assert "SameSite=lax" in cookie
            assert "expires" not in cookie.lower()


async def test_pages_are_small_and_load_nothing_from_elsewhere(portal: Portal) -> None:
    browser = portal.browser()
    await browser.open(await portal.link(LinkPurpose.CONFIRM))
    for path in ("/", "/new", "/case", "/case/supply", "/case/code", "/privacy", "/style.css"):
        page = await browser.open(path)
        assert len(browser.page.content) < 50_000
        for mark in ("<script", " style=", " onclick=", 'src="http', "url(http", "@import", "javascript:"):
            assert mark not in page


async def test_while_the_record_is_away_what_was_typed_is_kept_in_the_page(portal: Portal) -> None:
    browser = portal.browser()
    await browser.open(await portal.link(LinkPurpose.CONFIRM))
    await browser.send("/case/act", press="refuse")
    portal.later(seconds=3)
    page = await browser.send("/case/act/refuse", text="还是不行，报错 500")
    assert browser.status == 503
    assert "没有保存任何内容" in page
    assert browser.form("/case/act/refuse").fields["text"] == "还是不行，报错 500"
    browser = portal.browser()
    await browser.open("/case")
    file = portal.settings.data / "bihuan.db"
    away = file.rename(file.with_name("away.db"))
    try:
        page = await browser.send("/case", number=NUMBER, contact=PHONE)
    finally:
        away.rename(file)
    assert (browser.status, "暂时无法使用" in page) == (503, True)
    assert browser.form("/case").fields["contact"] == PHONE
    await browser.send("/case")
    assert (browser.status, NUMBER in browser.page.text) == (200, True)


async def test_health_is_told_without_the_record_and_readiness_with_it(portal: Portal) -> None:
    browser = portal.browser()
    assert await browser.open("/healthz") == "ok"
    assert (await browser.client.get("/readyz")).json() == {"ready": True, "problems": []}
    assert (await browser.client.get("/robots.txt")).text == "User-agent: *\nDisallow: /\n"


_NAMES = {
    "one that hides its ending": (b'filename="invoice\xe2\x80\xaefdp.exe"', "invoicefdp.exe：不能上传"),
    "one of 2,000 letters": (f'filename="{"a" * 2_000}.pdf"'.encode(), "aaa.pdf (1 kB)"),
    "one of 1,000 characters": (f'filename="{"报" * 1_000}.pdf"'.encode(), "报报报.pdf (1 kB)"),
    "folders": (b'filename="../../../etc/passwd"', "passwd：不能上传"),
    "folders and an ending": (b'filename="../../../../tmp/outside.pdf"', "outside.pdf (1 kB)"),
    "folders of Windows": ('filename="C:\\fakepath\\照片.pdf"'.encode(), "照片.pdf (1 kB)"),
    "folders in overlong UTF-8": (b'filename="a\xc0\xae\xc0\xae/b.pdf"', "b.pdf (1 kB)"),
    "folders by percent": (b'filename="..%2f..%2foutside.pdf"', "%2f..%2foutside.pdf (1 kB)"),
    "a device of Windows": (b'filename="CON.pdf"', "_CON.pdf (1 kB)"),
    "another stream": (b'filename="report.pdf::$DATA"', "report.pdf::$DATA：不能上传"),
    "NUL": (b'filename="report.pdf\x00.exe"', "report.pdf.exe：不能上传"),
    "a line break": (b'filename="a\r\nSet-Cookie: x=1.pdf"', "不能上传"),
    "a line break by percent": (b'filename="a%0D%0ASet-Cookie: x=1.pdf"', "a%0D%0ASet-Cookie: x=1.pdf (1 kB)"),
    "a line break of Unicode": (b'filename="a\xe2\x80\xa8b.pdf"', "ab.pdf (1 kB)"),
    "a code of terminals": (b'filename="a\x1b[31mred.pdf"', "a[31mred.pdf (1 kB)"),
    "a quotation mark": (b'filename="a\\"b.pdf"', "a&#34;b.pdf (1 kB)"),
    "a second name": (b'filename="a"; filename="b.exe.pdf"', "b.exe.pdf (1 kB)"),
    "a tag": (b'filename="<img src=x onerror=alert(1)>.pdf"', "&lt;img src=x onerror=alert(1)&gt;.pdf (1 kB)"),
    "a template": (b'filename="{{7*7}}.pdf"', "{{7*7}}.pdf (1 kB)"),
    "an option": (b'filename="-rf.pdf"', "-rf.pdf (1 kB)"),
    "raw UTF-8": ('filename="现场😀.pdf"'.encode(), "现场😀.pdf (1 kB)"),
    "raw GBK": ('filename="现场照片.pdf"'.encode("gbk"), "现场照片.pdf (1 kB)"),
    "neither": (b'filename="caf\xe9\xff.pdf"', "caf\ufffd\ufffd.pdf (1 kB)"),
    "a decomposed letter": ('filename="re\u0301sume\u0301.pdf"'.encode(), "résumé.pdf (1 kB)"),
    "zero width": ('filename="\ufeffre\u200bport.pdf"'.encode(), "report.pdf (1 kB)"),
    "two names of which one is extended": (b"filename=\"a.pdf\"; filename*=UTF-8''b.exe", "a.pdf (1 kB)"),
    "an extended name alone": (b"filename*=UTF-8''%E7%85%A7.pdf", "文件没有名称"),
    "none": (b'filename=""', "文件没有名称"),
    "blanks": (b'filename="   "', "文件没有名称"),
    "dots": (b'filename=".."', "文件没有名称"),
}


@pytest.mark.parametrize("kind", _NAMES)
async def test_a_file_of_any_name_is_shown_safely_or_refused_in_words_and_lies_only_in_the_store(
    portal: Portal, kind: str
) -> None:
    named, words = _NAMES[kind]
    head = b'--x\r\nContent-Disposition: form-data; name="files"; ' + named
    body = head + b"\r\nContent-Type: application/pdf\r\n\r\n" + _PDF + b"\r\n--x--\r\n"
    answer = await _raw(portal, _head("/new", _MULTIPART, len(body)), body)
    headers, _, page = answer.partition(b"\r\n\r\n")
    assert headers.split()[1] == b"422"
    assert b"set-cookie: x=1" not in headers.lower()
    shown = " ".join(page.decode().split())
    assert words in shown
    assert "<img src=x" not in shown
    assert ">49" not in shown
    assert _unexpected(portal.settings.data) == []
    assert "提交问题" in await portal.browser().open("/")


def _unexpected(data: Path) -> list[Path]:
    """Files that are neither the record's nor of the store, each of which has its checksum for a name."""
    known = re.compile(r"bihuan\.db.*|lock|.*\.lock|[0-9a-f]{64}")
    outside = [data.parent / "outside.pdf", Path("/tmp/outside.pdf"), Path("/outside.pdf")]
    return [path for path in data.rglob("*") if path.is_file() and not known.fullmatch(path.name)] + [
        path for path in outside if path.exists()
    ]
