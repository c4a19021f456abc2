"""What a whole installation leaves of its customers' data in Temporal and in its logs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass

import pytest

from activities.key_ring import Key
from tests.activities.delivery.mail_server import mail_server
from tests.starter.key_rotation import rotate
from tests.starter.personal_data import (
    COMMANDS,
    FORM,
    MALFORMED,
    PRODUCT,
    Company,
    everything_at_temporal,
    found_in,
    run_cases,
    running_company,
)
from tests.worker.ports import free_ports

pytestmark = pytest.mark.xdist_group("privacy")

EVERYTHING = (*FORM, PRODUCT, *COMMANDS, *MALFORMED)
_TOKEN = "0123456789abcdef0123"


@dataclass
class Traces:
    """What one installation leaves: at Temporal, in Temporal's file, in its own log."""

    company: Company
    temporal: bytes
    file: bytes
    log: str


@pytest.fixture(scope="module")
async def rotation(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[asyncio.Task[None]]:
    """Runs beside the cases, because most of it is waiting."""
    task = asyncio.create_task(rotate(tmp_path_factory.mktemp("rotation")))
    yield task
    task.cancel()
    with suppress(BaseException):
        await task


@pytest.fixture(scope="module")
async def companies(
    tmp_path_factory: pytest.TempPathFactory, rotation: asyncio.Task[None]
) -> AsyncIterator[dict[str, Traces]]:
    """The same cases with encryption and a JSON log, and without encryption and a text log."""
    keys = Key.new("2026-11").line()
    environments = {
        "keys": {
            "BIHUAN_ENCRYPTION_KEYS": keys, "BIHUAN_CODEC_TOKEN": _TOKEN, "BIHUAN_LOG_FORMAT": "json",
            "BIHUAN_CODEC_PORT": str(free_ports(1)[0]),
        },
        "plain": {},
    }  # fmt: skip
    async with AsyncExitStack() as stack:
        found: dict[str, Company] = {}
        for name, environment in environments.items():
            mail = await stack.enter_async_context(mail_server())
            company = running_company(tmp_path_factory.mktemp(name), mail, **environment)
            found[name] = await stack.enter_async_context(company)
        await asyncio.gather(*(run_cases(company) for company in found.values()))
        yield {name: await _traces(company) for name, company in found.items()}


async def _traces(company: Company) -> Traces:
    temporal = await everything_at_temporal(await company.client())
    files = sorted(company.settings.data.glob("temporal.db*"))
    content = b"".join(file.read_bytes() for file in files)
    return Traces(company, temporal, content, "\n".join(company.installation.said))


def test_with_keys_temporal_holds_no_name_no_contact_and_no_text(companies: dict[str, Traces]) -> None:
    traces = companies["keys"]
    assert found_in(traces.temporal, EVERYTHING) == set()
    assert found_in(traces.file, EVERYTHING) == set()
    assert traces.company.numbers[0].encode() in traces.temporal


def test_without_keys_temporal_holds_what_commands_bring_but_nothing_of_the_form(companies: dict[str, Traces]) -> None:
    traces = companies["plain"]
    assert found_in(traces.temporal, FORM) == set()
    assert found_in(traces.file, FORM) == set()
    assert found_in(traces.temporal, COMMANDS) == set(COMMANDS)
    assert found_in(traces.file, COMMANDS) == set(COMMANDS)
    assert found_in(traces.temporal, MALFORMED) == set(MALFORMED)
    assert found_in(traces.temporal, [PRODUCT]) == {PRODUCT}


def test_the_record_holds_all_that_is_looked_for_elsewhere(companies: dict[str, Traces]) -> None:
    for traces in companies.values():
        record = b"".join(file.read_bytes() for file in traces.company.settings.data.glob("bihuan.db*"))
        recorded = (*FORM, PRODUCT, *COMMANDS, MALFORMED[1])
        assert found_in(record, recorded) == set(recorded)


@pytest.mark.parametrize("name", ["keys", "plain"])
def test_the_link_that_a_customer_got_is_kept_nowhere(companies: dict[str, Traces], name: str) -> None:
    traces = companies[name]
    tokens = traces.company.tokens()
    assert len(tokens) == 5, "to see, supply and confirm, and after reopening to see and confirm"
    kept = [file for file in traces.company.settings.data.rglob("*") if file.is_file()]
    assert {"bihuan.db", "temporal.db", "link-keys"} <= {file.name for file in kept}
    for content in (traces.temporal, traces.log.encode(), *(file.read_bytes() for file in kept)):
        assert found_in(content, tokens) == set()


async def test_who_has_the_token_reads_a_history_by_the_endpoint_of_bihuan_up(companies: dict[str, Traces]) -> None:
    traces = companies["keys"]
    show = ("workflow", "show", "--workflow-id", traces.company.numbers[0], "--output", "json")
    asked = ("--codec-endpoint", f"http://127.0.0.1:{traces.company.installation.environment['BIHUAN_CODEC_PORT']}")
    shown = await traces.company.installation.temporal(*show, *asked, "--codec-auth", f"Bearer {_TOKEN}")
    sent = COMMANDS[:-1]
    assert found_in(shown.encode(), sent) == set(sent)


@pytest.mark.parametrize("name", ["keys", "plain"])
def test_no_log_at_any_level_holds_a_name_a_contact_or_a_text(companies: dict[str, Traces], name: str) -> None:
    log = companies[name].log
    assert found_in(log.encode(), EVERYTHING) == set()
    for said in ("refused for a while", "the mail server put it off: 451 4.7.1 ", "Starting activity"):
        assert said in log


async def test_a_case_lives_through_every_change_of_keys_and_waits_for_a_missing_one(
    rotation: asyncio.Task[None],
) -> None:
    await rotation
