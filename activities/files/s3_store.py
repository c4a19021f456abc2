"""The store in a bucket, by the S3 of any maker; who may use it is said by the standard `AWS_*` variables (R41).

Optional: `pip install bihuan[s3]`. What is on its way in is on this machine until it was checked.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, contextmanager, nullcontext, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

from workflows.domain.problem import Problem

_CLIENT: Final = {"timeout": timedelta(seconds=60), "connect_timeout": timedelta(seconds=5)}
_RETRIES: Final[dict[str, Any]] = {"max_retries": 2, "retry_timeout": timedelta(seconds=30)}


class S3Store:
    """Bytes in a bucket, `prefix/ab/abcdef…`."""

    def __init__(self, store: Any, where: str, incoming: Path) -> None:
        self._store = store
        self.where = where
        self.incoming = incoming.absolute()

    @classmethod
    def of(cls, address: str, incoming: Path) -> S3Store:
        """The bucket and prefix of `s3://bucket/prefix`; nothing is connected yet.

        Raises:
            Problem: the library is not installed, or what the variables say is not understood.
        """
        try:
            from obstore.exceptions import BaseError
            from obstore.store import S3Store as Bucket
        except ImportError:
            raise Problem(f"files: {address} needs a library that is not installed: pip install 'bihuan[s3]'") from None
        try:
            # What is given here goes before the variables, AWS_ALLOW_HTTP among them: the endpoint itself says it.
            client: Any = {**_CLIENT, "allow_http": os.environ.get("AWS_ENDPOINT_URL", "").startswith("http://")}
            bucket = Bucket.from_url(address, client_options=client, retry_config=_RETRIES)  # type: ignore[arg-type]
            return cls(bucket, f"the store of files {address}", incoming)
        except (BaseError, ValueError) as error:
            raise Problem(f"files: {address}: {str(error).splitlines()[0]}") from None

    def lock(self, *, shared: bool) -> AbstractAsyncContextManager[None]:  # noqa: ARG002
        """A bucket has none: what is put again while it is discarded is found by `bihuan doctor`."""
        return nullcontext()

    def put(self, part: Path, sha256: str, size: int) -> None:  # noqa: ARG002
        """Written anew in any case, so that it counts as new."""
        import obstore

        with _explained():
            obstore.put(self._store, _place(sha256), part)
        part.unlink()

    def open(self, sha256: str) -> BinaryIO:
        """Read portion by portion."""
        import obstore

        with _explained():
            return cast("BinaryIO", _Reading(obstore.open_reader(self._store, _place(sha256))))

    def size(self, sha256: str) -> int | None:
        """The size by a HEAD request."""
        import obstore

        with suppress(FileNotFoundError), _explained():
            return int(obstore.head(self._store, _place(sha256))["size"])
        return None

    def discard(self, sha256: str) -> None:
        """Nothing is wrong where it is gone."""
        import obstore

        with suppress(FileNotFoundError), _explained():
            obstore.delete(self._store, _place(sha256))

    def older_than(self, moment: datetime) -> Iterator[str]:
        """Judged by the time that the bucket says."""
        import obstore

        with _explained():
            for portion in obstore.list(self._store):
                for one in portion:
                    name = str(one["path"]).rpartition("/")[2]
                    if len(name) == 64 and one["last_modified"] < moment:
                        yield name

    def check(self) -> None:
        """An object of no bytes, and the folder for what is on its way."""
        import obstore

        self.incoming.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.incoming.mkdir(mode=0o700, exist_ok=True)
        with _explained():
            obstore.put(self._store, "probe", b"")
            obstore.delete(self._store, "probe")


class _Reading:
    """An object as a file for reading: what goes wrong is an OSError, as of any file."""

    def __init__(self, reader: Any) -> None:
        self._reader = reader

    def read(self, size: int = -1) -> bytes:
        with _explained():
            return bytes(self._reader.read(size if size >= 0 else None))

    def seek(self, offset: int, whence: int = 0) -> int:
        with _explained():
            return int(self._reader.seek(offset, whence))

    def tell(self) -> int:
        return int(self._reader.tell())

    def close(self) -> None:
        self._reader.close()

    def __enter__(self) -> _Reading:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@contextmanager
def _explained() -> Iterator[None]:
    from obstore.exceptions import BaseError

    try:
        yield
    except FileNotFoundError:
        raise
    except BaseError as error:
        said = " ".join(str(error).split()).partition(" Debug source")[0]
        raise OSError(errno.EIO, said[:200]) from None


def _place(sha256: str) -> str:
    if len(sha256) != 64 or not sha256.isalnum():
        raise FileNotFoundError(f"{sha256!r} is no checksum")
    return f"{sha256[:2]}/{sha256}"
