"""The certificate of a web server that speaks TLS itself: checked against its key, loaded again when it is renewed."""

from __future__ import annotations

import asyncio
import logging
import ssl
from contextlib import suppress
from pathlib import Path
from typing import Final

from workflows.domain.problem import Problem

_log = logging.getLogger("bihuan.web")
_LOOK: Final = 60.0
"""Seconds between two looks whether there is another certificate: whoever renews it restarts nothing."""


class ServerCertificate:
    """A chain and its key, both files of PEM, and the context of the server's connections.

    Raises:
        Problem: one of them cannot be read, is none, or they do not belong together.
    """

    def __init__(self, certificate: Path, key: Path) -> None:
        self.certificate, self.key = certificate, key
        self._mark = self._marked()
        self.context = self._loaded()

    def renew(self) -> bool:
        """Take what the files have now for new connections, if they have changed; what is not whole is left alone.

        Raises:
            Problem: as at the beginning; the certificate before stays.
        """
        if (mark := self._marked()) == self._mark:
            return False
        self._mark = mark
        # Tried apart: a chain that does not fit would take the key away from the context that serves.
        self._loaded()
        self.context.load_cert_chain(self.certificate, self.key, password=_no_password)
        return True

    async def keep_renewed(self) -> None:
        """Look for a renewed certificate again and again, until cancelled."""
        while True:
            await asyncio.sleep(_LOOK)
            try:
                if self.renew():
                    _log.info("the certificate %s was renewed, and serves new connections", self.certificate)
            except Problem as problem:
                _log.warning("%s; the certificate before stays in use", problem)

    def _loaded(self) -> ssl.SSLContext:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.set_alpn_protocols(["http/1.1"])
        for setting, file in (("web.certificate_file", self.certificate), ("web.key_file", self.key)):
            try:
                file.open("rb").close()
            except OSError as error:
                raise Problem(f"{setting}: {file} cannot be read: {error.strerror}") from None
        try:
            context.load_cert_chain(self.certificate, self.key, password=_no_password)
        except (ssl.SSLError, _EncryptedError) as error:
            raise Problem(f"web.certificate_file, web.key_file: {_why(error)}") from None
        return context

    def _marked(self) -> tuple[int, ...]:
        """A mark that changes with either file."""
        found: list[int] = []
        with suppress(OSError):
            for file in (self.certificate, self.key):
                stat = file.stat()
                found += [stat.st_mtime_ns, stat.st_size, stat.st_ino]
        return tuple(found)


class _EncryptedError(Exception):
    """The key has a password."""


def _no_password() -> str:
    """Nobody is there to type one."""
    raise _EncryptedError


def _why(error: Exception) -> str:
    if isinstance(error, _EncryptedError):
        return "the key has a password; allowed: one without, in a file of mode 0600"
    if getattr(error, "reason", None) == "KEY_VALUES_MISMATCH":
        return "the key is not that of the certificate; allowed: a chain that begins with the server's own, and its key"
    return "hold no certificate and key; allowed: files of PEM, the chain beginning with the server's own certificate"
