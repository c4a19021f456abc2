"""`open --attach`, `attach` and `files` on the command line: all or none, one clear line, nothing overwritten (R41)."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from starter.services.cases.files import attach_to_new, files_of, hand_in, received_paths
from starter.services.intake.submissions import Intake
from tests.activities.files import made
from tests.starter.both_ways import given_by
from tests.starter.command_line import bihuan, intake_form, make_installation, refused
from worker.installation.installation import open_installation
from worker.installation.settings import Settings
from workflows.domain.problem import Problem
from workflows.domain.vocabulary import Via


@pytest.fixture(scope="module", params=["local", "remote"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """With an installation, and files of several kinds; no server runs."""
    folder = tmp_path_factory.mktemp("files")
    make_installation(folder)
    for name, content in {
        "photo.jpg": made.photo_with_place(), "-rf.pdf": made.PDF, "setup.exe": made.PROGRAM, "empty.pdf": b"",
        "heic.jpg": made.HEIC,
    }.items():  # fmt: skip
        (folder / name).write_bytes(content)
    os.truncate(folder / "empty.pdf", 0)
    (folder / "large.pdf").touch()
    os.truncate(folder / "large.pdf", 5 << 30)
    (folder / "beyond.txt").write_bytes(b"a" * ((20 << 20) + 1))
    os.mkfifo(folder / "pipe.pdf")
    (folder / "folder.pdf").mkdir()
    with given_by(request.param, folder):
        yield folder


@pytest.fixture(scope="module")
async def number(folder: Path) -> str:
    """Of a case that was handed in with two files."""
    settings = Settings(data=folder / "bihuan-data")
    async with open_installation(settings) as installation:
        await installation.settle_organisation()
        paths = [folder / "photo.jpg", folder / "-rf.pdf"]
        received = await received_paths(installation, paths, by="customer", via=Via.CONSOLE)
        return (await hand_in(Intake(installation, None), intake_form(), received)).number


def stored(folder: Path) -> list[str]:
    files = folder / "bihuan-data" / "files"
    return sorted(path.name for path in files.rglob("*") if path.is_file() and path.name != ".lock")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("setup.exe", "setup.exe: files of this kind are not taken; allowed: jpg, "),
        ("empty.pdf", "empty.pdf: is empty (0 bytes)"),
        ("heic.jpg", "heic.jpg: is an iPhone picture (HEIC) under another name; change the ending .jpg to .heic"),
        ("large.pdf", "large.pdf: is too large; allowed: at most 20 MB a file"),
        ("beyond.txt", "beyond.txt: is too large; allowed: at most 20 MB a file"),
        ("pipe.pdf", "pipe.pdf: cannot be read: is a pipe; allowed: an ordinary file"),
        ("/dev/zero", "/dev/zero: cannot be read: is a device; allowed: an ordinary file"),
        ("folder.pdf", "folder.pdf: cannot be read: is a folder; allowed: an ordinary file"),
        ("gone.pdf", "gone.pdf: cannot be read: No such file or directory"),
    ],
)
async def test_a_file_that_is_not_taken_is_one_line_and_the_others_are_not_kept_either(
    folder: Path, number: str, name: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = stored(folder)
    monkeypatch.chdir(folder)
    async with open_installation(Settings(data=folder / "bihuan-data")) as installation:
        with pytest.raises(Problem) as problem:
            await received_paths(
                installation, [Path("photo.jpg"), Path(name)], by="customer", via=Via.CONSOLE, case=number
            )
    assert str(problem.value).startswith(said)
    assert "\n" not in str(problem.value)
    assert stored(folder) == before


def test_on_the_command_line_it_is_one_line_too(folder: Path, number: str) -> None:
    done = refused("attach", number, "photo.jpg", "pipe.pdf", "--as", "customer", folder=folder)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "bihuan: pipe.pdf: cannot be read: is a pipe; allowed: an ordinary file\n"
    done = refused("attach", number, *["gone.jpg"] * 6, "--as", "customer", folder=folder)
    assert (done.returncode, done.stderr) == (1, "bihuan: these are too many files; allowed: at most 5 at a time\n")


def test_files_are_listed_and_written_out_beside_what_is_there(folder: Path, number: str) -> None:
    known = json.loads(bihuan("files", number, "--json", folder=folder).stdout)
    assert [(one["name"], one["type"], one["scan"], one["via"]) for one in known] == [
        ("photo.jpg", "jpeg", "unscanned", "console"),
        ("-rf.pdf", "pdf", "unscanned", "console"),
    ]
    assert "photo.jpg" in bihuan("files", number, folder=folder).stdout
    assert "photo.jpg" in bihuan("show", number, folder=folder).stdout
    for _ in range(2):
        written = bihuan("files", number, "--out", "out", folder=folder)
        assert written.returncode == 0, written
        assert len(written.stdout.splitlines()) == 2
    out = {path.name: path.read_bytes() for path in (folder / "out").iterdir()}
    assert out == {
        "photo.jpg": made.photo_with_place(), "photo (2).jpg": made.photo_with_place(), "_rf.pdf": made.PDF,
        "_rf (2).pdf": made.PDF,
    }  # fmt: skip
    done = refused("files", number, "--out", "photo.jpg", folder=folder)
    assert (done.returncode, done.stderr) == (1, "bihuan: --out photo.jpg: cannot be made: File exists\n")


async def test_the_same_submission_again_keeps_no_second_copy(folder: Path, number: str) -> None:
    async with open_installation(Settings(data=folder / "bihuan-data")) as installation:
        received = await received_paths(installation, [folder / "photo.jpg"], by="customer", via=Via.CONSOLE)
        with pytest.raises(Problem, match="form: "):
            await hand_in(Intake(installation, None), {}, received)
        await attach_to_new(installation, number, [one.id for one in received])
        assert len(await files_of(installation, number)) == 2


def test_an_unknown_number_is_said_to_be_none(folder: Path) -> None:
    for command in (["files", "FB202605110099"], ["attach", "FB202605110099", "photo.jpg", "--as", "customer"]):
        done = refused(*command, folder=folder)
        assert (done.returncode, done.stdout) == (1, "")
        assert "FB202605110099: there is no such case" in done.stderr
