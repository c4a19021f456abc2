"""A file is read only if it is one, and in a folder of ours only if it is really in there."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from activities.ordinary_file import is_inside, open_inside, open_ordinary, read_inside, read_ordinary


def _pipe(place: Path) -> None:
    os.mkfifo(place)


def _device(place: Path) -> None:
    place.symlink_to("/dev/zero")


def _folder(place: Path) -> None:
    place.mkdir()


def _absent(_: Path) -> None:
    return


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (_pipe, "is a pipe; allowed: an ordinary file"),
        (_device, "is a device; allowed: an ordinary file"),
        (_folder, "is a folder; allowed: an ordinary file"),
        (_absent, "No such file or directory"),
    ],
)
def test_nobody_waits_for_what_is_no_file(tmp_path: Path, make: Callable[[Path], None], said: str) -> None:
    place = tmp_path / "named"
    make(place)
    with pytest.raises(OSError, match=re.escape(said)) as refused:
        open_ordinary(place)
    assert refused.value.filename == str(place)


def test_a_file_that_somebody_names_may_be_reached_by_a_link_but_may_not_be_endless(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"12345")
    (tmp_path / "link").symlink_to("file")
    assert read_ordinary(tmp_path / "link", 5) == b"12345"
    with pytest.raises(OSError, match="is too long; allowed: at most 4 bytes"):
        read_ordinary(tmp_path / "link", 4)


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A folder of ours, beside a file that is none of its business."""
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "file").write_bytes(b"secret")
    own = tmp_path / "own"
    (own / "a").mkdir(parents=True)
    (own / "a" / "file").write_bytes(b"ours")
    return own


def test_a_file_in_a_folder_of_ours_is_read(own: Path) -> None:
    assert read_inside(own, "a/file", 4) == b"ours"
    assert is_inside(own, "a/file")


@pytest.mark.parametrize("link", ["own", "own/a", "own/a/file"])
def test_a_link_anywhere_on_the_way_shows_nobody_what_is_outside(own: Path, tmp_path: Path, link: str) -> None:
    place = tmp_path / link
    place.rename(tmp_path / "before")
    place.symlink_to(tmp_path / "secret" / "file" if link.endswith("file") else tmp_path / "secret")
    (tmp_path / "secret" / "a").symlink_to(".")
    with pytest.raises(OSError, match="is a link; allowed: files and folders themselves"):
        open_inside(own, "a/file")
    assert not is_inside(own, "a/file")


@pytest.mark.parametrize("name", ["../secret/file", "a/../../secret/file", "/etc/hostname", "", ".", "a", "a/\0"])
def test_a_name_leads_nowhere_else(own: Path, name: str) -> None:
    assert not is_inside(own, name)


def test_a_pipe_in_a_folder_of_ours_holds_nobody_up(own: Path) -> None:
    os.mkfifo(own / "pipe")
    with pytest.raises(OSError, match="is a pipe; allowed: an ordinary file"):
        open_inside(own, "pipe")
