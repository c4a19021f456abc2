"""Files of this machine as multipart/form-data, read while they are sent."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

from activities.ordinary_file import open_ordinary
from workflows.domain.problem import Problem

_PORTION = 1 << 18


class Multipart:
    """`texts` by name, and each file under `file`; `length` in bytes of the whole."""

    def __init__(self, texts: Mapping[str, str], paths: Sequence[Path]) -> None:
        """Look at the files.

        Raises:
            Problem: one cannot be read, or is no ordinary file.
        """
        self._boundary = uuid.uuid4().hex
        self._texts = [_text_head(self._boundary, name) + text.encode() + b"\r\n" for name, text in texts.items()]
        self._files: list[tuple[Path, bytes, int]] = []
        for path in paths:
            with _opened(path) as file:
                size = os.fstat(file.fileno()).st_size
            self._files.append((path, _file_head(self._boundary, path.name), size))
        self._end = f"--{self._boundary}--\r\n".encode()
        heads = sum(len(head) + size + 2 for _, head, size in self._files)
        self.length = sum(map(len, self._texts)) + heads + len(self._end)

    @property
    def content_type(self) -> str:
        """The content type for the header."""
        return f"multipart/form-data; boundary={self._boundary}"

    def chunks(self) -> Iterator[bytes]:
        """The whole body, in chunks.

        Raises:
            Problem: a file cannot be read, or is not as long any more.
        """
        yield from self._texts
        for path, head, size in self._files:
            yield head
            left = size
            with _opened(path) as file:
                while left and (portion := file.read(min(left, _PORTION))):
                    left -= len(portion)
                    yield portion
            if left:
                raise Problem(f"{path}: became shorter while it was sent; nothing was taken")
            yield b"\r\n"
        yield self._end


def _opened(path: Path) -> BinaryIO:
    try:
        return open_ordinary(path)
    except OSError as error:
        raise Problem(f"{path}: cannot be read: {error.strerror}") from None


def _text_head(boundary: str, name: str) -> bytes:
    return f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode()


def _file_head(boundary: str, name: str) -> bytes:
    """The head of a file part as browsers write it: bytes of UTF-8, and what would end the header escaped."""
    raw = os.fsencode(name).replace(b'"', b"%22").replace(b"\r", b"%0D").replace(b"\n", b"%0A")
    return (
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="'.encode()
        + raw
        + b'"\r\nContent-Type: application/octet-stream\r\n\r\n'
    )
