"""Each thing that can be wrong with an installation is made wrong for real, and named with what to do."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import text
from temporalio import activity, workflow
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, RemoveSearchAttributesRequest
from temporalio.client import Client
from temporalio.common import SearchAttributeKey
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment

from activities.queries.monitoring.sweeps import keep_sweep
from starter.doctor.check import CheckResult, CheckSkippedError, CheckStatus
from starter.doctor.checks.machine import folders
from starter.doctor.checks.mail import mail, templates
from starter.doctor.checks.record import clocks, database, integrity
from starter.doctor.checks.sweep import last_sweep
from starter.doctor.checks.temporal import pollers, search_attributes, server
from starter.doctor.context import CheckFunction, DoctorContext
from starter.doctor.run import CheckSuite
from tests.activities.delivery.mail_server import mail_server
from tests.activities.policy.test_files import shipped
from tests.starter.command_line import bihuan, make_record
from tests.timeouts import TIMEOUT
from tests.worker.ports import free_ports
from tests.workflows.workers import worker_of
from worker.embedded.server import find_binary
from worker.installation.installation import Installation, open_installation
from worker.installation.settings import Settings
from worker.temporal.search_attributes import ensure_search_attributes
from workflows.ports import SweepRun

MONDAY = datetime(2026, 5, 11, 1, tzinfo=UTC)


async def lines(check: CheckFunction, settings: Settings) -> list[CheckResult]:
    """What one check says of these settings."""
    context = DoctorContext(settings)
    try:
        return list(await check(context))
    finally:
        await context.close()


def wrong(found: Iterable[CheckResult]) -> list[tuple[str, str, str]]:
    """Status, what and what to do, of everything that is not right."""
    return [(one.status.value, one.what, one.todo or "") for one in found if one.status is not CheckStatus.OK]


@asynccontextmanager
async def prepared(folder: Path, **settings: Any) -> AsyncIterator[Installation]:
    """An installation with its database, its company the sample."""
    wanted = Settings(data=folder / "data", **settings)
    make_record(wanted.data)
    async with open_installation(wanted, prepare=True) as installation:
        await installation.settle_organisation()
        yield installation


def own_organisation(folder: Path, *changes: tuple[str, str]) -> Path:
    content = shipped("activities.organisation", "sample.toml")
    for old, new in changes:
        assert old in content
        content = content.replace(old, new, 1)
    path = folder / "own-organisation.toml"
    path.write_text(content, "utf-8")
    return path


# Nothing there, or nothing running


def test_where_nothing_runs_the_command_that_starts_it_is_named(tmp_path: Path) -> None:
    answer = bihuan("doctor", "--json", folder=tmp_path, environment={"TEMPORAL_ADDRESS": ""})
    assert answer.returncode == 1
    found = json.loads(answer.stdout)
    assert all(set(one) == {"check", "status", "what", "todo"} for one in found)
    faults = {one["check"]: one for one in found if one["status"] == "fault"}
    assert set(faults) == {"server", "database"}
    assert "connection refused" in faults["server"]["what"]
    assert {one["todo"] for one in faults.values()} == {"bihuan up --data bihuan-data"}
    assert not (tmp_path / "bihuan-data").exists()


def test_a_typo_in_the_settings_is_named_before_anything_else(tmp_path: Path) -> None:
    answer = bihuan("doctor", folder=tmp_path, environment={"BIHUAN_SMTP_ULR": "x", "BIHUAN_SPEED": "1"})
    assert answer.returncode == 1
    assert "BIHUAN_SMTP_ULR: no such setting; did you mean BIHUAN_SMTP_URL?" in answer.stdout
    assert "fault" in answer.stdout


async def test_a_check_that_hangs_or_breaks_holds_up_no_other(tmp_path: Path) -> None:
    async def hangs(_: DoctorContext) -> Iterable[CheckResult]:
        await asyncio.Event().wait()
        return []

    async def breaks(_: DoctorContext) -> Iterable[CheckResult]:
        raise ZeroDivisionError("in the middle")

    async def cannot(_: DoctorContext) -> Iterable[CheckResult]:
        raise CheckSkippedError("there is no server")

    async def fine(_: DoctorContext) -> Iterable[CheckResult]:
        return [CheckResult("fine", CheckStatus.OK, "all is well")]

    checks: dict[str, CheckFunction] = {"hangs": hangs, "breaks": breaks, "cannot": cannot, "fine": fine}
    done: list[None] = []
    suite = CheckSuite(checks, {"hangs": 0.01})
    found = await suite.run(DoctorContext(Settings(data=tmp_path)), lambda: done.append(None))
    assert [(one.check, one.status.value) for one in found] == [
        ("hangs", "fault"), ("breaks", "fault"), ("cannot", "warning"), ("fine", "ok"),
    ]  # fmt: skip
    assert len(done) == len(checks)
    assert "in the middle" in found[1].what


# Temporal


@workflow.defn
class Nothing:
    @workflow.run
    async def run(self) -> None:
        return


@activity.defn
async def nothing() -> None:
    return


async def test_what_is_missing_on_a_bare_server_is_named_with_the_command_that_makes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with await WorkflowEnvironment.start_local(
        dev_server_existing_path=str(find_binary()), data_converter=pydantic_data_converter
    ) as bare:
        address = bare.client.service_client.config.target_host
        monkeypatch.setenv("TEMPORAL_ADDRESS", address)
        settings = Settings(data=tmp_path, task_queue="here")
        assert [(one.status, f"Temporal 1.32.0 at {address}" in one.what) for one in await lines(server, settings)] == [
            (CheckStatus.OK, True)
        ]
        [(status, what, todo)] = wrong(await lines(search_attributes, settings))
        assert (status, what.partition(":")[0]) == ("fault", "missing")
        assert "CaseBreached" in what
        assert "temporal operator search-attribute create --namespace default --type" in todo
        await _wrong_type(bare.client)
        [(status, what, todo)] = wrong(await lines(search_attributes, settings))
        assert (status, what) == ("fault", "CaseEscalation is Keyword, needed is Int")
        assert "temporal operator search-attribute remove --name CaseEscalation" in todo
        absent = wrong(await lines(pollers, settings))
        assert [(status, "bihuan worker" in todo) for status, _, todo in absent] == [("fault", True)] * 2
        async with worker_of(bare.client, "here", [], [Nothing]):
            half = await _until_polled(settings, 1)
            assert "nobody asks task queue here for activities" in half[0][1]
        async with worker_of(bare.client, "here", [nothing], [Nothing]):
            assert await _until_polled(settings, 0) == []
        monkeypatch.setenv("TEMPORAL_NAMESPACE", "nowhere")
        [(status, what, todo)] = wrong(await lines(server, settings))
        assert (status, what) == ("fault", f"there is no namespace nowhere at {address}")
        assert "temporal operator namespace create -n nowhere" in todo


async def test_a_server_elsewhere_that_is_down_is_not_said_to_be_started_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEMPORAL_ADDRESS", f"127.0.0.1:{free_ports(1)[0]}")
    [(status, _, todo)] = wrong(await lines(server, Settings(data=tmp_path)))
    assert (status, "check TEMPORAL_ADDRESS" in todo) == ("fault", True)


async def _wrong_type(client: Client) -> None:
    """All of ours, and one that somebody made by hand as something else."""
    await ensure_search_attributes(client)
    await client.operator_service.remove_search_attributes(
        RemoveSearchAttributesRequest(namespace=client.namespace, search_attributes=["CaseEscalation"])
    )
    keyword = SearchAttributeKey.for_keyword("CaseEscalation")
    await client.operator_service.add_search_attributes(
        AddSearchAttributesRequest(
            namespace=client.namespace,
            search_attributes={keyword.name: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD},
        )
    )


async def _until_polled(settings: Settings, faults: int) -> list[tuple[str, str, str]]:
    async with asyncio.timeout(TIMEOUT):
        while len(found := wrong(await lines(pollers, settings))) != faults:  # noqa: ASYNC110 - a server is watched
            await asyncio.sleep(0.05)
    return found


# The record


async def test_a_database_of_another_release_or_a_damaged_one_is_named(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    [(status, what, _)] = wrong(await lines(database, Settings(data=empty)))
    assert (status, what) == ("fault", f"there is no database file {empty.resolve()}/bihuan.db")
    async with prepared(tmp_path) as installation:
        settings = installation.settings
        assert wrong([*await lines(database, settings), *await lines(integrity, settings)]) == []
        for revision, todo in (("0001", "bihuan db upgrade"), ("9999", "use the release that")):
            async with installation.database.begin() as connection:
                await connection.execute(text(f"UPDATE alembic_version SET version_num = '{revision}'"))
            [(status, what, said)] = wrong(await lines(database, settings))
            assert (status, f"schema {revision}" in what, said.startswith(todo)) == ("fault", True, True)
            with pytest.raises(CheckSkippedError):
                await lines(last_sweep, settings)
    file = tmp_path / "data" / "bihuan.db"
    content = bytearray(file.read_bytes())
    content[4096:12288] = b"\xff" * 8192
    file.write_bytes(content)
    [(status, what, todo)] = wrong(await lines(integrity, settings))
    assert (status, "damaged" in what, "backup" in todo) == ("fault", True, True)


async def test_a_database_server_that_is_down_is_named_without_its_password(tmp_path: Path) -> None:
    url = f"postgresql://bihuan:secret@127.0.0.1:{free_ports(1)[0]}/bihuan"
    [(status, what, todo)] = wrong(await lines(database, Settings(data=tmp_path, database_url=url)))
    assert (status, "BIHUAN_DATABASE_URL" in todo, "secret" in what) == ("fault", True, False)


async def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    settings = Settings(data=tmp_path, archive=tmp_path / "file", reports=tmp_path / "file" / "reports")
    found = wrong(await lines(folders, settings))
    assert [(status, todo.rpartition(" ")[2]) for status, _, todo in found] == [
        ("fault", "BIHUAN_ARCHIVE"), ("fault", "BIHUAN_REPORTS"),
    ]  # fmt: skip
    assert "is a file" in found[0][1]


# Mail and texts


async def test_a_mail_server_that_refuses_the_login_or_is_down_is_named_and_gets_no_mail(tmp_path: Path) -> None:
    sender: dict[str, Any] = {"data": tmp_path, "mail_from": "support@example.com"}
    async with mail_server() as mails:
        found = await lines(mail, Settings(**sender, smtp_url=SecretStr(mails.url("bihuan:right@"))))
        assert [one.status for one in found] == [CheckStatus.OK, CheckStatus.WARNING]
        assert "unencrypted" in found[1].what
        [(status, what, todo)] = wrong(await lines(mail, Settings(**sender, smtp_url=SecretStr(mails.url("a:wrong@")))))
        assert (status, "refused user name or password" in what, "wrong" in what) == ("fault", True, False)
        assert "BIHUAN_SMTP_URL" in todo
        assert (mails.mails, mails.connections) == ([], 2)
        down = mails.url()
    [(status, what, _)] = wrong(await lines(mail, Settings(**sender, smtp_url=SecretStr(down))))
    assert (status, "cannot be used" in what) == ("fault", True)
    [(status, what, todo)] = wrong(await lines(mail, Settings(data=tmp_path)))
    assert (status, "stay in the outbox" in what) == ("warning", True)
    [(status, what, _)] = wrong(await lines(mail, Settings(data=tmp_path, smtp_url=SecretStr(down))))
    assert (status, "mail_from" in what) == ("fault", True)


async def test_a_companys_broken_template_is_named_with_file_and_line(tmp_path: Path) -> None:
    own = tmp_path / "zh_CN" / "customer"
    own.mkdir(parents=True)
    (own / "created.j2").write_text("{% block subject %}\n{{ numbr }}{% endblock %}", "utf-8")
    [(status, what, todo), *_] = wrong(await lines(templates, Settings(data=tmp_path, templates=tmp_path)))
    assert (status, "created.j2:2: 'numbr' is undefined" in what) == ("warning", True)
    assert "the shipped template is used" in todo


# The sweep


async def test_a_sweep_that_no_longer_comes_and_clocks_that_differ_are_named(tmp_path: Path) -> None:
    async with prepared(tmp_path) as installation:
        settings, record = installation.settings, installation.database
        assert [status for status, *_ in wrong(await lines(last_sweep, settings))] == ["warning"]
        now = datetime.now(UTC)
        late = SweepRun(began=MONDAY, ended=MONDAY, every=120)
        await keep_sweep(record, late, ())
        [(status, _, todo)] = wrong(await lines(last_sweep, settings))
        assert (status, "bihuan-sweep" in todo) == ("fault", True)
        skewed = SweepRun(began=now, ended=now, every=120, skew=-90, faults=("FB1 could not be started: no",))
        await keep_sweep(record, skewed, ())
        assert wrong(await lines(last_sweep, settings))[0][1] == "FB1 could not be started: no"
        [(status, what, todo)] = wrong(await lines(clocks, settings))
        assert (status, "90 s behind" in what, "NTP" in todo) == ("warning", True, True)
