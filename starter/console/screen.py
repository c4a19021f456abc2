"""What every command reads and writes the same way: numbers and times, JSON for programs, tables for people."""

from __future__ import annotations

import json
import os
import re
import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from cyclopts import Parameter

from activities.rows import FaultyRow, UnreadableError, read_rows
from workflows.domain.problem import Problem, printable

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table
    from rich.text import Text

_T = TypeVar("_T")

AsJson = Annotated[bool, Parameter(name="--json", negative=(), help="Answer in JSON, for programs.")]
DataFolder = Annotated[str | None, Parameter(name="--data", help="Data folder (default: BIHUAN_DATA, ./bihuan-data).")]
Number = Annotated[str, Parameter(help="Number of the case, such as FB202605110001, or its last digits.")]

_PIPED_WIDTH = 160
"""Columns when there is no terminal to ask: wide enough that a row stays a line."""

_IDENTIFIER = re.compile(r"[!-~]*(?:FB\d{8}|KB\d{4})[!-~]*")
"""A number of a case or an article, with what stands around it in a file's name, an id or a link."""
_FOLDED = 10
"""Characters of other words that stay together, however narrow the screen is."""
_BETWEEN = 3
"""Characters between two columns, and around all of them."""


def read_number(text: str, option: str = "the number of the case") -> str:
    """The number of a case however it was typed: in lower case, with blanks around it, or full-width.

    Raises:
        Problem: nothing was typed.
    """
    if not (number := unicodedata.normalize("NFKC", text).strip().upper()):
        raise Problem(f"{option} is empty; allowed: such as FB202605110001")
    return number


def read_moment(option: str, value: str | None, zone: str) -> datetime | None:
    """A day, which begins at midnight in `zone`, or a time there; None where nothing was given.

    Raises:
        Problem: it is neither.
    """
    if value is None:
        return None
    # It loads Pydantic, which takes as long as a list.
    from workflows.domain.formats import moment_of

    try:
        return moment_of(f"{value}T00:00" if len(value) == len("2026-05-11") else value, zone)
    except ValueError:
        raise Problem(
            f"{option} {value}: allowed: a day such as 2026-05-11, or a time such as 2026-05-11T09:00"
        ) from None


def print_json(value: Any) -> None:
    """Print one JSON value on standard output; what could rewrite a terminal is escaped in it, as JSON does."""
    text = json.dumps(value, ensure_ascii=False, indent=2, default=str)
    safe = (char if char.isprintable() or char == "\n" else json.dumps(char)[1:-1] for char in text)
    sys.stdout.write("".join(safe) + "\n")


def say(text: str) -> None:
    """A line for people on standard error, where it does not disturb a program reading the answer."""
    sys.stderr.write(f"bihuan: {printable(text)}\n")
    sys.stderr.flush()


def screen() -> Console:
    """Standard output for people."""
    from rich.console import Console

    is_known = sys.stdout.isatty() or os.environ.get("COLUMNS", "").isdigit()
    return Console(highlight=False, width=None if is_known else _PIPED_WIDTH)


def print_rich(*parts: RenderableType) -> None:
    """Tables and panels on standard output."""
    console = screen()
    for part in parts:
        console.print(part)


def print_table(
    columns: Sequence[str], rows: Iterable[Sequence[str | Text]], *, title: str | None = None, spare: Sequence[str] = ()
) -> None:
    """A table; cells are text, never markup: what customers write is shown as they wrote it.

    A cell may have a style (a rich `Text`); then it holds nothing that anybody wrote. Columns in `spare` are left out,
    the first of them first, where the screen is too narrow; that is said.
    """
    table, left_out = fitted_table(columns, rows, width=screen().width, title=title, spare=spare)
    print_rich(table)
    if left_out:
        say(f"too narrow for {', '.join(left_out)}; a wider window or --json shows them")


def fitted_table(
    columns: Sequence[str],
    rows: Iterable[Sequence[str | Text]],
    *,
    width: int,
    title: str | None = None,
    spare: Sequence[str] = (),
) -> tuple[Table, list[str]]:
    """A table of at most `width` characters, and the names of the columns that are left out for that.

    Numbers of cases, reviews and articles stay in one piece, and so do links that hold one.
    """
    from rich import box
    from rich.table import Table
    from rich.text import Text

    cells = [[cell if isinstance(cell, Text) else Text(printable(cell)) for cell in row] for row in rows]
    least = [
        max(_least_width(name), *(_least_width(row[index].plain) for row in cells if index < len(row)), 0)
        for index, name in enumerate(columns)
    ]
    shown, left_out = list(range(len(columns))), []
    for name in spare:
        if sum(least[index] + _BETWEEN for index in shown) <= width:
            break
        left_out.append(name)
        shown.remove(columns.index(name))
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for index in shown:
        # A link or a number that is cut short is of no use; folded it can still be copied.
        table.add_column(columns[index], overflow="fold", min_width=least[index])
    for row in cells:
        table.add_row(*(row[index] for index in shown if index < len(row)))
    return table, left_out


def _least_width(text: str) -> int:
    """The least width of a column: an identifier is not folded, other words may be."""
    from rich.cells import cell_len

    folded = max((min(cell_len(word), _FOLDED) for word in text.split()), default=0)
    return max(folded, *(cell_len(found) for found in _IDENTIFIER.findall(text)), 0)


def readable_rows(
    items: Iterable[_T],
    row: Callable[[_T], Sequence[str | Text]],
    *,
    name: Callable[[_T], str],
    width: int,
    place: int = -1,
) -> Iterator[Sequence[str | Text]]:
    """A row of `width` cells for each item. One that cannot be read, or says so itself in its `fault`, has its name,
    and why in the cell at `place`.
    """

    def whole(item: _T) -> Sequence[str | Text]:
        fault = item.get("fault") if isinstance(item, dict) else getattr(item, "fault", None)
        if fault:
            raise UnreadableError(fault)
        return row(item)

    for cells in read_rows(items, whole, name=name):
        if isinstance(cells, FaultyRow):
            said = [cells.name, *[""] * (width - 1)]
            said[place] = f"cannot be read: {cells.fault}"
            yield said
        else:
            yield cells


def shortened(text: str, length: int = 160) -> str:
    """One printable line for a cell of a table; `--json` has all of it."""
    flat = printable(" ".join(text.split()))
    return flat if len(flat) <= length else flat[: length - 1] + "…"


@contextmanager
def progress_bar(what: str, total: int, *, shown: bool = True) -> Iterator[Callable[[], None]]:
    """What to call after every step; a bar on standard error where a person watches."""
    with progress_bars(what, shown=shown and total > 0) as show:
        done = 0

        def advance() -> None:
            nonlocal done
            done += 1
            show(what, done, total)

        yield advance


@contextmanager
def progress_bars(*names: str, shown: bool = True) -> Iterator[Callable[[str, int, int | None], None]]:
    """A bar a name on standard error, where a person watches; what is given shows how much is done, and of how much."""
    if not shown or not sys.stderr.isatty():
        yield lambda *_: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        tasks = {name: progress.add_task(name, total=None) for name in names}
        yield lambda name, done, total: progress.update(tasks[name], completed=done, total=total)
