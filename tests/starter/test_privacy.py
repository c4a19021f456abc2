"""What a whole installation leaves of its customers in Temporal and in its logs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass

import pytest

from tests.activities.delivery.mail_server import mail_server
from tests.starter.key_rotation import rotate
from tests.starter.private_lives import (
    COMMANDS,
    FORM,
    MALFORMED,
    PRODUCT,
    Office,
    everything_at_temporal,
    found_in,
    live,
    office_of,
)
from tests.worker.ports import free_ports
from worker.encryption.keys import Key

pytestmark = pytest.mark.xdist_group("privacy")

EVERYTHING = (*FORM, PRODUCT, *COMMANDS, *MALFORMED)
_TOKEN = "0123456789abcdef0123"


@dataclass
class Left:
    """What one installation left: at Temporal, in Temporal's file, in its own log."""

    office: Office
    temporal: bytes
    file: bytes
    log: str


@pytest.fixture(scope="module")
async def rotation(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[asyncio.Task[None]]:
    """Goes on beside the lives, because most of it is waiting."""
    task = asyncio.create_task(rotate(tmp_path_factory.mktemp("rotation")))
    yield task
    task.cancel()
    with suppress(BaseException):
        await task


@pytest.fixture(scope="module")
async def offices(
    tmp_path_factory: pytest.TempPathFactory, rotation: asyncio.Task[None]
) -> AsyncIterator[dict[str, Left]]:
    """The same lives, with keys and a log for programs, and without keys and a log for people."""
    keys = Key.new("2026-11").line()
    environments = {
        "keys": {
            "BIHUAN_ENCRYPTION_KEYS": keys, "BIHUAN_CODEC_TOKEN": _TOKEN, "BIHUAN_LOG_FORMAT": "json",
            "BIHUAN_CODEC_PORT": str(free_ports(1)[0]),
        },
        "plain": {},
    }  # fmt: skip
    async with AsyncExitStack() as stack:
        found: dict[str, Office] = {}
        for name, environment in environments.items():
            mail = await stack.enter_async_context(mail_server())
            office = office_of(tmp_path_factory.mktemp(name), mail, **environment)
            found[name] = await stack.enter_async_context(office)
        await asyncio.gather(*(live(office) for office in found.values()))
        yield {name: await _left(office) for name, office in found.items()}


async def _left(office: Office) -> Left:
    temporal = await everything_at_temporal(await office.client())
    files = sorted(office.settings.data.glob("temporal.db*"))
    content = b"".join(file.read_bytes() for file in files)
    return Left(office, temporal, content, "\n".join(office.installation.said))


def test_with_keys_temporal_holds_no_name_no_contact_and_no_text(offices: dict[str, Left]) -> None:
    left = offices["keys"]
    assert found_in(left.temporal, EVERYTHING) == set()
    assert found_in(left.file, EVERYTHING) == set()
    assert left.office.numbers[0].encode() in left.temporal


def test_without_keys_temporal_holds_what_commands_bring_but_nothing_of_the_form(offices: dict[str, Left]) -> None:
    left = offices["plain"]
    assert found_in(left.temporal, FORM) == set()
    assert found_in(left.file, FORM) == set()
    assert found_in(left.temporal, COMMANDS) == set(COMMANDS)
    assert found_in(left.file, COMMANDS) == set(COMMANDS)
    assert found_in(left.temporal, MALFORMED) == set(MALFORMED)
    assert found_in(left.temporal, [PRODUCT]) == {PRODUCT}


def test_the_record_holds_all_that_is_looked_for_elsewhere(offices: dict[str, Left]) -> None:
    for left in offices.values():
        record = b"".join(file.read_bytes() for file in left.office.settings.data.glob("bihuan.db*"))
        recorded = (*FORM, PRODUCT, *COMMANDS, MALFORMED[1])
        assert found_in(record, recorded) == set(recorded)


async def test_who_has_the_token_reads_a_history_by_the_endpoint_of_bihuan_up(offices: dict[str, Left]) -> None:
    left = offices["keys"]
    show = ("workflow", "show", "--workflow-id", left.office.numbers[0], "--output", "json")
    asked = ("--codec-endpoint", f"http://127.0.0.1:{left.office.installation.environment['BIHUAN_CODEC_PORT']}")
    shown = await left.office.installation.temporal(*show, *asked, "--codec-auth", f"Bearer {_TOKEN}")
    told = COMMANDS[:-1]
    assert found_in(shown.encode(), told) == set(told)


@pytest.mark.parametrize("name", ["keys", "plain"])
def test_no_log_at_any_level_holds_a_name_a_contact_or_a_text(offices: dict[str, Left], name: str) -> None:
    log = offices[name].log
    assert found_in(log.encode(), EVERYTHING) == set()
    for said in ("refused for a while", "the mail server put it off: 451 4.7.1 ", "Starting activity"):
        assert said in log


async def test_a_case_lives_through_every_change_of_keys_and_waits_for_a_missing_one(
    rotation: asyncio.Task[None],
) -> None:
    await rotation
