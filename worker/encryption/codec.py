"""The payload codec: encrypts with AES-GCM whatever goes to Temporal (inputs, results, signals, summaries, errors).

Without keys nothing is encrypted, but an encrypted payload is still recognised: it waits for its key instead of failing
as malformed. `cryptography` is loaded only where there are keys; workflows never import this module.

An encrypted payload has its encoding and the id of its key as metadata. Its data are a mark, the key's check, a nonce,
and the whole original payload encrypted. The check tells two keys of the same id apart.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from temporalio.api.common.v1 import Payload
from temporalio.converter import DataConverter, PayloadCodec

from activities.key_ring import Key, KeyRing
from worker.encryption._payloads import PayloadConverter
from worker.encryption.failures import EncodedFailures, MissingKeyError, PlainFailures

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_ENCODING = b"binary/encrypted"
_KEY_ID = "encryption-key-id"
_MARK = b"BH1"
_CHECK_BYTES, _NONCE_BYTES, _TAG_BYTES = 4, 12, 16
_HEAD_BYTES = len(_MARK) + _CHECK_BYTES
_SHORTEST = _HEAD_BYTES + _NONCE_BYTES + _TAG_BYTES
_WRITTEN_ID = re.compile(rb"\x0a\x11encryption-key-id\x12[\x01-\x20]([A-Za-z0-9._-]{1,32})")


class Encryption(PayloadCodec):
    """The codec of client and workers."""

    def __init__(self, ring: KeyRing | None) -> None:
        self._first = ring.first if ring else None
        self._ciphers = {(key.id, key.check): _cipher(key) for key in ring.keys} if ring else {}

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Encrypt with the first key; without keys they stay as they are."""
        first = self._first
        return [self._sealed(first, payload) for payload in payloads] if first else list(payloads)

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Decrypt what is encrypted; what was changed since, or never was made with such a key, stays as it is.

        Raises:
            MissingKeyError: a payload was encrypted with a key that this process does not have.
        """
        return [self._opened(payload) for payload in payloads]

    async def decode_known(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Decrypt for readers: a payload whose key is missing stays as it is."""
        opened = []
        for payload in payloads:
            try:
                opened.append(self._opened(payload))
            except MissingKeyError:
                opened.append(payload)
        return opened

    def _sealed(self, key: Key, payload: Payload) -> Payload:
        head, nonce = _MARK + key.check, os.urandom(_NONCE_BYTES)
        plain = payload.SerializeToString(deterministic=True)
        cipher = self._ciphers[key.id, key.check]
        data = head + nonce + cipher.encrypt(nonce, plain, _associated(key.id, head))
        return Payload(metadata={"encoding": _ENCODING, _KEY_ID: key.id.encode()}, data=data)

    def _opened(self, payload: Payload) -> Payload:
        name, data = key_id(payload), payload.data
        if name is None:
            return payload
        head, nonce = data[:_HEAD_BYTES], data[_HEAD_BYTES : _HEAD_BYTES + _NONCE_BYTES]
        cipher = self._ciphers.get((name, head[len(_MARK) :]))
        if cipher is None:
            raise MissingKeyError(name, has_other=any(known == name for known, _ in self._ciphers))
        from cryptography.exceptions import InvalidTag

        try:
            plain = cipher.decrypt(nonce, data[_HEAD_BYTES + _NONCE_BYTES :], _associated(name, head))
        except InvalidTag:
            return payload
        return Payload.FromString(plain)


def key_id(payload: Payload) -> str | None:
    """The id of the key a payload was encrypted with; None where it was not encrypted here."""
    if payload.metadata.get("encoding") != _ENCODING or len(payload.data) < _SHORTEST:
        return None
    name = payload.metadata.get(_KEY_ID, b"").decode("utf-8", "replace")
    return name if name and payload.data.startswith(_MARK) else None


def key_ids_within(serialized: bytes) -> set[str]:
    """The ids of all keys that payloads within a serialized message of Temporal's API were encrypted with."""
    return {found.decode() for found in _WRITTEN_ID.findall(serialized)}


def data_converter(ring: KeyRing | None) -> DataConverter:
    """The converter of all clients and workers: Pydantic models as JSON, encrypted where there are keys."""
    return replace(
        DataConverter.default,
        payload_converter_class=PayloadConverter,
        payload_codec=Encryption(ring),
        failure_converter_class=EncodedFailures if ring else PlainFailures,
    )


def _associated(name: str, head: bytes) -> bytes:
    """The visible parts of a payload, authenticated so that none of them can be exchanged."""
    return b"\0".join((_ENCODING, name.encode(), head))


def _cipher(key: Key) -> AESGCM:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(key.secret)
