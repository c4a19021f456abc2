"""One archived case as one file: a ZIP that any computer opens, the same bytes for the same case (R28).

It holds `case.html` for people, `case.json` for programs, `attachments/`, and `SHA256SUMS`, which `sha256sum -c` reads.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO, Final

from activities.archive.document import FORMAT, CaseDocument
from activities.ordinary_file import open_inside
from workflows.domain.problem import Problem

PAGE, DATA, SUMS = "case.html", "case.json", "SHA256SUMS"
_LONG_AGO: Final = (1980, 1, 1, 0, 0, 0)
"""The time of every entry: the earliest a ZIP can say. When the case was archived is not part of it."""
_PORTION: Final = 1 << 20
_STEM, _SUFFIX = 48, 10
"""Characters of a file's name that are kept: disks count at most 255 bytes, of which a character may take four."""
_UNSAFE: Final = re.compile(r'[<>:"|?*]')


def write_package(
    target: IO[bytes],
    document: CaseDocument,
    attachments: Sequence[Callable[[], BinaryIO] | None],
    page: Callable[[CaseDocument], str],
) -> None:
    """Write the file. `attachments` holds what opens each of the document's, None for those that are not there.

    Raises:
        OSError: an attachment cannot be read, or the file not written.
    """
    sums: dict[str, str] = {}
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as file:
        kept = []
        for index, (attachment, found) in enumerate(zip(document["attachments"], attachments, strict=True), start=1):
            member = f"attachments/{index}-{_file_name(attachment['name'])}" if found else None
            size = _copy(file, member, found, sums) if member and found else None
            known = {key: value for key, value in attachment.items() if key != "stored"}
            kept.append({**known, "member": member, "size": size, "sha256": sums.get(member or "")})
        whole = {**document, "attachments": kept}
        _put(file, PAGE, page(whole), sums)
        _put(file, DATA, json.dumps(whole, ensure_ascii=False, indent=1) + "\n", sums)
        _put(file, SUMS, "".join(f"{digest}  {name}\n" for name, digest in sorted(sums.items())), {})


def read_package(path: Path) -> CaseDocument:
    """The case in it, after every entry was held against its checksum.

    Raises:
        Problem: it is no such file, or an entry is missing or changed.
        OSError: it cannot be read.
    """
    try:
        with open_inside(path.parent, path.name) as opened, zipfile.ZipFile(opened) as file:
            sums = _read_sums(file.read(SUMS).decode())
            for name, digest in sums.items():
                if _digest(file, name) != digest:
                    raise Problem(f"{path}: {name} in it was changed")
            document: CaseDocument = json.loads(file.read(DATA))
    # NotImplementedError is zipfile's word for a way of packing that it does not know.
    except (zipfile.BadZipFile, KeyError, ValueError, NotImplementedError, EOFError) as error:
        if isinstance(error, Problem):
            raise
        raise Problem(f"{path}: is no archived case: {error}") from None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        found = document.get("format") if isinstance(document, dict) else None
        raise Problem(f"{path}: is of format {found!r}; this release reads {FORMAT}")
    return document


def unpack(path: Path, folder: Path) -> list[Path]:
    """Write every entry into the folder; answers the files. Call `read_package` first.

    Raises:
        OSError: the folder cannot be made or written to.
    """
    written = []
    with open_inside(path.parent, path.name) as opened, zipfile.ZipFile(opened) as file:
        for name in file.namelist():
            head, _, tail = name.rpartition("/")
            place = folder / ("attachments" if head else "") / _file_name(tail)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.unlink(missing_ok=True)
            with file.open(name) as source, place.open("xb") as target:
                shutil.copyfileobj(source, target)
            written.append(place)
    return written


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _LONG_AGO)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.create_system, entry.external_attr = 3, 0o100644 << 16
    return entry


def _put(file: zipfile.ZipFile, name: str, text: str, sums: dict[str, str]) -> None:
    # Half a character, as broken clients send it, is no reason not to keep a case; in JSON this is its escape.
    content = text.encode(errors="backslashreplace")
    sums[name] = hashlib.sha256(content).hexdigest()
    file.writestr(_entry(name), content)


def _copy(file: zipfile.ZipFile, member: str, source: Callable[[], BinaryIO], sums: dict[str, str]) -> int:
    digest, size = hashlib.sha256(), 0
    with source() as given, file.open(_entry(member), "w", force_zip64=True) as target:
        while portion := given.read(_PORTION):
            digest.update(portion)
            target.write(portion)
            size += len(portion)
    sums[member] = digest.hexdigest()
    return size


def _digest(file: zipfile.ZipFile, name: str) -> str:
    with file.open(name) as given:
        return hashlib.file_digest(given, "sha256").hexdigest()  # type: ignore[arg-type]


def _read_sums(text: str) -> dict[str, str]:
    return {name: digest for digest, _, name in (line.partition("  ") for line in text.split("\n") if line)}


def _file_name(name: str) -> str:
    """A name that is safe on any computer, whatever a customer called the file."""
    last = "".join(char if char.isprintable() else "_" for char in re.split(r"[\\/]", name)[-1])
    safe = PurePosixPath(_UNSAFE.sub("_", last).strip(". ") or "file")
    return safe.stem[:_STEM] + safe.suffix[:_SUFFIX]
