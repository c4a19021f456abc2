"""What a file holds has to be what its name says, and nothing is inflated or decoded to find out (R41)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from activities.files.content import MEDIA_TYPES, check_content
from activities.files.name import ending_of
from activities.files.refusal import FileRefusal, FileRefusedError, refusal_text
from tests.activities.files import made
from workflows.domain.policy.files import FileRules, FileType
from workflows.domain.vocabulary import Locale

RULES = FileRules()


def checked(folder: Path, name: str, content: bytes, rules: FileRules = RULES) -> str:
    """The type, or the reason why it is refused."""
    file = folder / "part"
    file.write_bytes(content)
    try:
        return check_content(file, name, ending_of(name), rules).value
    except FileRefusedError as refused:
        return refused.reason_code.value


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("photo.jpg", made.picture(), "jpeg"),
        ("PHOTO.JPEG", made.picture(), "jpeg"),
        ("photo.png", made.picture("PNG"), "png"),
        ("photo.gif", made.picture("GIF"), "gif"),
        ("photo.webp", made.picture("WEBP"), "webp"),
        ("photo.bmp", made.picture("BMP"), "bmp"),
        ("flood.png", made.flood(), "png"),
        ("photo-with-a-zip-behind.jpg", made.picture() + made.packed(["a"]), "jpeg"),
        ("IMG_0412.HEIC", made.HEIC, "heic"),
        ("report.pdf", made.PDF, "pdf"),
        ("with-script.pdf", made.PDF_WITH_SCRIPT, "pdf"),
        ("note.txt", "现场记录\n第二行".encode(), "text"),
        ("note-of-windows.txt", "现场记录\r\n".encode("gb18030"), "text"),
        ("note-of-notepad.txt", "现场记录".encode("utf-16"), "text"),
        ("coloured.log", b"\x1b[31mERROR\x1b[0m x\n", "text"),
        ("page.txt", made.PAGE, "text"),
        ("eicar.txt", made.EICAR, "text"),
        ("letter.docx", made.DOCX, "docx"),
        ("list.xlsx", made.XLSX, "xlsx"),
        ("slides.pptx", made.PPTX, "pptx"),
        ("letter.doc", made.ole("WordDocument"), "doc"),
        ("large.xls", made.ole("Workbook", before=3_000_000), "xls"),
        ("old.xls", made.ole("Book"), "xls"),
        ("says-nothing.xls", made.ole(), "xls"),
        ("logs.zip", made.packed(["日志.log"]), "zip"),
        ("nested.zip", made.BOMB, "zip"),
        ("slip.zip", made.packed(["../../etc/passwd"]), "zip"),
        ("list.zip", made.XLSX, "zip"),
        ("film.mp4", made.MP4, "mp4"),
        ("film-of-android.mp4", made.MP4.replace(b"ftypisom", b"ftyp3gp4"), "mp4"),
        ("film.mov", made.MOVIE, "mov"),
    ],
)
def test_what_people_send_is_taken(tmp_path: Path, name: str, content: bytes, kind: str) -> None:
    assert checked(tmp_path, name, content) == kind


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("page.png", made.PAGE, FileRefusal.OTHER_CONTENT),
        ("picture.png", made.SVG, FileRefusal.OTHER_CONTENT),
        ("photo.png", made.picture(), FileRefusal.OTHER_CONTENT),
        ("page.html", made.PAGE, FileRefusal.ENDING),
        ("script.svg", made.SVG, FileRefusal.ENDING),
        ("IMG_0412.jpg", made.HEIC, FileRefusal.HEIC_AS_OTHER),
        ("begins-as-script.pdf", b"/*" + made.PDF, FileRefusal.OTHER_CONTENT),
        ("program.pdf", made.PROGRAM, FileRefusal.PROGRAM),
        ("program.txt", made.PROGRAM, FileRefusal.PROGRAM),
        ("setup.exe", made.PROGRAM, FileRefusal.ENDING),
        ("run.bat", b"@echo off", FileRefusal.ENDING),
        ("report.txt", made.PDF, FileRefusal.OTHER_CONTENT),
        ("noise.txt", b"a\0b", FileRefusal.OTHER_CONTENT),
        ("noise-of-notepad.txt", b"\xff\xfe\0\xd8a\0", FileRefusal.OTHER_CONTENT),
        ("list.docx", made.XLSX, FileRefusal.OTHER_CONTENT),
        ("logs.xlsx", made.packed(["a.log"]), FileRefusal.OTHER_CONTENT),
        ("cut-short.xlsx", made.XLSX[:-60], FileRefusal.OTHER_CONTENT),
        ("macros.xlsx", made.WITH_MACROS, FileRefusal.MACROS),
        ("macros.xlsm", made.WITH_MACROS, FileRefusal.ENDING),
        ("macros.doc", made.ole("WordDocument", "Macros", "VBA", "_VBA_PROJECT"), FileRefusal.MACROS),
        ("installer.doc", made.ole(installer=True), FileRefusal.OTHER_CONTENT),
        ("book.doc", made.ole("Workbook"), FileRefusal.OTHER_CONTENT),
        ("archive.rar", b"Rar!\x1a\x07\x01\0", FileRefusal.ENDING),
        ("data.json", b"{}", FileRefusal.ENDING),
        ("shortcut.url", b"[InternetShortcut]", FileRefusal.ENDING),
        ("passwd", b"root", FileRefusal.ENDING),
        ("film.mp4", made.MOVIE, FileRefusal.OTHER_CONTENT),
    ],
)
def test_what_is_not_what_it_says_is_refused(tmp_path: Path, name: str, content: bytes, reason: FileRefusal) -> None:
    assert checked(tmp_path, name, content) == reason.value


def test_a_company_may_allow_fewer_kinds_and_other_endings(tmp_path: Path) -> None:
    rules = FileRules(types={FileType.TEXT: (".JSON",), FileType.RAR: ("rar",)})
    assert checked(tmp_path, "data.json", b"{}", rules) == "text"
    assert checked(tmp_path, "archive.rar", b"Rar!\x1a\x07\x01\0", rules) == "rar"
    assert checked(tmp_path, "photo.jpg", made.picture(), rules) == "ending"


@pytest.mark.parametrize("types", [{"text": ["html"]}, {"text": ["txt"], "pdf": ["txt"]}, {"word": ["docx"]}])
def test_a_policy_allows_no_pages_and_no_type_nobody_knows(types: dict[str, list[str]]) -> None:
    with pytest.raises(ValueError, match=r"allowed|should be"):
        FileRules.model_validate({"types": types})


@pytest.mark.parametrize("locale", list(Locale))
def test_every_reason_is_said_in_words_with_its_facts(locale: Locale) -> None:
    facts: dict[str, str | int] = {
        "name": "照片.jpg", "ending": "jpg", "allowed": "jpg", "megabytes": 20, "most": 5, "file": "0" * 32,
        "number": "FB202605110001",
    }  # fmt: skip
    texts = [refusal_text(reason, facts, locale) for reason in FileRefusal]
    assert len(set(texts)) == len(FileRefusal)
    assert not [text for text in texts if re.search(r"[{}\n]", text)]


def test_every_type_has_a_media_type_that_no_browser_runs() -> None:
    assert MEDIA_TYPES.keys() == set(FileType)
    assert not [one for one in MEDIA_TYPES.values() if "html" in one or "svg" in one or "javascript" in one]
