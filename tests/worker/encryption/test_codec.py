"""What goes to Temporal is encrypted, read with its key, and never lost without it."""

from __future__ import annotations

import pytest
from temporalio.api.common.v1 import Payload
from temporalio.api.failure.v1 import Failure
from temporalio.exceptions import ApplicationError

from activities.key_ring import Key, KeyRing
from worker.encryption.codec import Encryption, data_converter, key_id, key_ids_within
from worker.encryption.failures import MissingKeyError

_OLD, _NEW = Key.new("2026-05"), Key.new("2026-11")
_PLAIN = Payload(metadata={"encoding": b"json/plain", "messageType": b"Case"}, data='"王芳 13800138000"'.encode())


async def _sealed(*keys: Key) -> Payload:
    (sealed,) = await Encryption(KeyRing(keys)).encode([_PLAIN])
    return sealed


async def test_nothing_but_the_encoding_and_the_id_of_the_key_is_to_be_seen() -> None:
    sealed, again = await _sealed(_NEW, _OLD), await _sealed(_NEW, _OLD)
    assert dict(sealed.metadata) == {"encoding": b"binary/encrypted", "encryption-key-id": b"2026-11"}
    assert sealed.data != again.data
    assert b"13800138000" not in sealed.data
    assert b"json" not in sealed.data
    assert (key_id(sealed), key_id(_PLAIN)) == ("2026-11", None)
    assert key_ids_within(sealed.SerializeToString() + (await _sealed(_OLD)).SerializeToString()) == {
        "2026-05", "2026-11",
    }  # fmt: skip


async def test_what_an_older_key_or_none_encrypted_is_still_read() -> None:
    old = await _sealed(_OLD)
    assert await Encryption(KeyRing((_NEW, _OLD))).decode([old, _PLAIN]) == [_PLAIN, _PLAIN]
    assert await Encryption(None).decode([_PLAIN]) == [_PLAIN]
    assert await Encryption(None).encode([_PLAIN]) == [_PLAIN]


async def test_what_a_missing_key_encrypted_is_never_taken_for_rubbish() -> None:
    old = await _sealed(_OLD)
    impostor = Key.new(_OLD.id)
    for ring, said in (
        (None, "key 2026-05 is missing here"),
        (KeyRing((_NEW,)), "key 2026-05 is missing here"),
        (KeyRing((_NEW, impostor)), "the key of the id 2026-05 here is another one"),
    ):
        with pytest.raises(MissingKeyError, match=said):
            await Encryption(ring).decode([old])
        assert await Encryption(ring).decode_known([old, _PLAIN]) == [old, _PLAIN]


async def test_what_nobodys_key_made_stays_as_it_is_so_that_it_can_be_refused() -> None:
    sealed = await _sealed(_NEW)
    encoding = b"binary/encrypted"
    strange = [
        Payload(metadata={"encoding": encoding}, data=b'{"by": "x"}'),
        Payload(metadata={"encoding": encoding, "encryption-key-id": b"2026-11"}, data=b'{"by": "x"}' * 9),
        Payload(metadata={"encoding": encoding, "encryption-key-id": b"2026-11"}, data=b""),
        Payload(metadata=sealed.metadata, data=sealed.data[:-1] + bytes([sealed.data[-1] ^ 1])),
        Payload(metadata=sealed.metadata, data=sealed.data[:25]),
        Payload(metadata={"encoding": encoding}, data=sealed.data),
    ]
    assert await Encryption(KeyRing((_NEW,))).decode(strange) == strange


async def test_a_key_cannot_be_exchanged_for_the_id_of_another() -> None:
    sealed = await _sealed(_NEW)
    renamed = Payload(metadata={"encoding": b"binary/encrypted", "encryption-key-id": b"copy"}, data=sealed.data)
    ring = KeyRing((_NEW, Key("copy", _NEW.secret)))
    assert await Encryption(ring).decode([renamed]) == [renamed]


async def test_an_error_is_encrypted_but_says_which_key_is_missing() -> None:
    converter = data_converter(KeyRing((_NEW,)))
    failure = Failure()
    try:
        try:
            int("王芳 13800138000")
        except ValueError as cause:
            raise ApplicationError("database is locked", type="Undelivered") from cause
    except ApplicationError as error:
        await converter.encode_failure(error, failure)
    assert b"locked" not in failure.SerializeToString()
    assert b"13800138000" not in failure.SerializeToString()
    read = await converter.decode_failure(failure)
    assert "database is locked" in str(read)
    assert "13800138000" not in str(read.__cause__)
    missing = Failure()
    await converter.encode_failure(MissingKeyError("2026-05"), missing)
    assert missing.message.startswith("encrypted with key 2026-05, but key 2026-05 is missing here")
