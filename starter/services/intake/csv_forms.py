"""Forms out of a table: a file of comma-separated values, its columns mapped to keys of the form (R1, R3)."""

from __future__ import annotations

import codecs
import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from activities.intake.submission import supply
from activities.rendering.labels import label
from activities.validation import shown
from workflows.domain.form_fields import FIELDS, TIMES
from workflows.domain.problem import Problem
from workflows.domain.vocabulary import Locale

LARGEST: Final = 100_000_000
"""Bytes of a file."""
_LONGEST_CELL = 1_000_000
_KEYS = tuple(field.key for field in FIELDS)
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    ("\ufeff".encode("gb18030"), "gb18030"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SEPARATORS = ",;\t"
_YES = frozenset({"是", "有", "影响", "yes", "y", "true", "1"})
_NO = frozenset({"否", "无", "不影响", "no", "n", "false", "0"})
_BOOLEAN, _LIST = "impact.blocks_normal_use", "attachments"
_SLASHED = re.compile(r"(\d{4})[/.年](\d{1,2})[/.月](\d{1,2})日?(?:\s+(\d{1,2}):(\d{2})(?::\d{2})?)?")
"""How spreadsheets write a day and a time."""


@dataclass(frozen=True)
class CsvRow:
    """A row that is not blank, by the number of the line it begins in; `form` is None where `fault` says why not."""

    line: int
    form: dict[str, Any] | None
    fault: str = ""


class CsvForms:
    """The rows of a file as forms. `total` is the number of its lines, for the progress."""

    def __init__(self, raw: bytes, columns: Mapping[str, str], constants: Mapping[str, str]) -> None:
        """Read the header row. `columns`: heading -> key of the form, empty for a column that is left out; headings
        that are keys or their names in either language need none. `constants`: what every row has where it says
        nothing else.

        Raises:
            Problem: no text in UTF-8, UTF-16 or GB18030, no header row, or a heading or key that is not known.
        """
        text = _decoded(raw)
        self.total = text.count("\n") + 1
        self._constants = {_known(key, f"--set {key}"): value for key, value in constants.items()}
        first = next((line for line in text.splitlines() if line.strip()), "")
        separator = max(_SEPARATORS, key=first.count)
        csv.field_size_limit(_LONGEST_CELL)
        self._reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
        try:
            header = next((row for row in self._reader if any(cell.strip() for cell in row)), None)
        except csv.Error as error:
            raise Problem(f"line 1: is no header row: {error}") from None
        if header is None:
            raise Problem("is empty; allowed: a header row, and a row for each issue")
        self._keys = _mapped(header, columns)

    def __iter__(self) -> Iterator[CsvRow]:
        """The rows after the header, one at a time; what is wrong with one ends no other."""
        while True:
            line = self._reader.line_num + 1
            try:
                cells = next(self._reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield CsvRow(line, None, f"is no row of the table: {error}")
                continue
            if any(cell.strip() for cell in cells):
                yield self._row(line, cells)

    def _row(self, line: int, cells: Sequence[str]) -> CsvRow:
        if more := [cell for cell in cells[len(self._keys) :] if cell.strip()]:
            return CsvRow(line, None, f"has {shown(more[0])} beyond the last column; allowed: {len(self._keys)} cells")
        given = {key: cell.strip() for key, cell in zip(self._keys, cells, strict=False) if key and cell.strip()}
        try:
            values = {key: _value(key, said) for key, said in {**self._constants, **given}.items()}
        except Problem as problem:
            return CsvRow(line, None, str(problem))
        return CsvRow(line, supply({}, values))


def _decoded(raw: bytes) -> str:
    named = next((encoding for bom, encoding in _BOMS if raw.startswith(bom)), None)
    for encoding in (named,) if named else ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding).removeprefix("\ufeff")
        except UnicodeDecodeError as error:
            fault = error
    what = f"is no {fault.encoding.upper()} at byte {fault.start + 1}" if named else "is neither UTF-8 nor GB18030"
    raise Problem(f"{what}; allowed: a table saved as UTF-8 or GB18030")


def _mapped(header: Sequence[str], columns: Mapping[str, str]) -> list[str]:
    """The key of each column, empty for one that is left out."""
    names = {_plain(key): key for key in _KEYS}
    names |= {_plain(label("field", key, locale)): key for locale in Locale for key in _KEYS}
    wanted = {_plain(heading): key and _known(key, f"--map {heading}={key}") for heading, key in columns.items()}
    there = {_plain(heading) for heading in header}
    if absent := next((heading for heading in columns if _plain(heading) not in there), None):
        raise Problem(f"--map {absent}: there is no such column; allowed: {', '.join(filter(None, header))}")
    keys: list[str] = []
    for heading in header:
        key = wanted.get(_plain(heading), names.get(_plain(heading)))
        if key is None and heading.strip():
            raise Problem(
                f"column {shown(heading)}: is no key of the form; allowed: --map {heading.strip()}=KEY, or --map "
                f"{heading.strip()}= to leave it out; the keys are {', '.join(_KEYS)}"
            )
        if key and key in keys:
            raise Problem(f"column {shown(heading)}: {key} has a column already; allowed: one a key")
        keys.append(key or "")
    return keys


def _known(key: str, where: str) -> str:
    if key not in _KEYS:
        raise Problem(f"{where}: {shown(key)} is no key of the form; allowed: {', '.join(_KEYS)}")
    return key


def _plain(heading: str) -> str:
    return unicodedata.normalize("NFKC", heading).strip().casefold()


def _value(key: str, said: str) -> Any:
    if key == _LIST:
        return [name.strip() for name in re.split(r"[;；\n]", said) if name.strip()]
    if key == _BOOLEAN:
        word = _plain(said)
        if word not in _YES | _NO:
            raise Problem(f"{key}: {shown(said)} is neither yes nor no; allowed: 是, 否, yes, no, true, false")
        return word in _YES
    if key in TIMES and (found := _SLASHED.fullmatch(said)):
        year, month, day, hour, minute = (int(part or 0) for part in found.groups())
        return f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}"
    return said
