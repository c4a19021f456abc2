"""Names of files are labels for people: no path, no line, no terminal code, no way to hide an ending (R41)."""

from __future__ import annotations

import pytest

from activities.files.name import ending_of, label_of, read_name


@pytest.mark.parametrize(
    ("raw", "label"),
    [
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("report.pdf.", "report.pdf"),
        ("report.pdf ", "report.pdf"),
        ("lpt1.txt", "_lpt1.txt"),
        ("CON", "_CON"),
        ("console.txt", "console.txt"),
        ("report.pdf\0.exe", "report.pdf.exe"),
        ("../../../etc/passwd", "passwd"),
        ("..\\..\\x.pdf", "x.pdf"),
        ("C:\\fakepath\\照片.jpg", "照片.jpg"),
        ("/etc/passwd", "passwd"),
        ("a\r\nSet-Cookie: x=1.pdf", "aSet-Cookie: x=1.pdf"),
        ('a"; filename="b.exe.pdf', 'a"; filename="b.exe.pdf'),
        ("100%25.pdf", "100%25.pdf"),
        ("{{7*7}}.pdf", "{{7*7}}.pdf"),
        ("故障😀👨\u200d👩\u200d👧.png", "故障😀👨\u200d👩\u200d👧.png"),
        ("re\u0301sume\u0301.pdf", "r\u00e9sum\u00e9.pdf"),
        ("re\u200bport.pdf", "report.pdf"),
        ("\ufeff报告.pdf", "报告.pdf"),
        ("a\u2028b.pdf", "ab.pdf"),
        ("a\x1b[31mred.pdf", "a[31mred.pdf"),
        ("a\tb.pdf", "ab.pdf"),
        ("𠀀𠀁.txt", "𠀀𠀁.txt"),
        ("", ""),
        ("   ", ""),
        ("..", ""),
        ("\u200b", ""),
        ("folder/", ""),
        ("-rf.pdf", "-rf.pdf"),
        ("half\ud83d.png", "half?.png"),
        (b"\xcf\xd6\xb3\xa1.jpg".decode(errors="surrogateescape"), "现场.jpg"),
    ],
)
def test_a_name_becomes_one_plain_label(raw: str, label: str) -> None:
    assert label_of(raw) == label
    assert label_of(label) == label


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("现场.jpg".encode(), "现场.jpg"),
        ("现场.jpg".encode("gbk"), "现场.jpg"),
        (b"caf\xe9\xff.jpg", "caf\ufffd\ufffd.jpg"),
    ],
)
def test_raw_names_of_old_browsers_are_readable_or_replaced(raw: bytes, name: str) -> None:
    assert read_name(raw) == name


@pytest.mark.parametrize("length", [255, 10_000])
def test_a_long_name_is_cut_on_a_character_and_keeps_its_ending(length: int) -> None:
    label = label_of("报" * length + ".pdf")
    assert len(label.encode()) <= 200
    assert label.endswith("报.pdf")


@pytest.mark.parametrize(
    ("label", "ending"),
    [
        ("a.PDF", "pdf"),
        ("a.tar.gz", "gz"),
        ("passwd", ""),
        ("pdf", ""),
        ("报告.文档", "文档"),
        ("a.pdf::$DATA", "pdf::$data"),
    ],
)
def test_the_ending_is_what_stands_after_the_last_dot(label: str, ending: str) -> None:
    assert ending_of(label) == ending
