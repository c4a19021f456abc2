"""Fixtures that tests of more than one folder use, and the order in which groups of tests begin."""

from __future__ import annotations

import gc
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from activities.database.database import Database
from tests import compiled_statements
from tests.postgresql import Databases, NoServerError, new_database, shared_server
from tests.starter import command_line

# A record that this variable names is not for tests to write to.
os.environ.pop("BIHUAN_DATABASE_URL", None)
# Loading readline sets it for the processes of a run in parallel; output would be as narrow as that.
os.environ.pop("COLUMNS", None)

# Thousands of tests are made at once and stay to the end: to look for garbage among them took a fifth of that time.
gc.disable()

# Temporal servers of tests live for seconds: to look for garbage before there is much took a tenth of their time.
os.environ |= {"GOGC": "off", "GOMEMLIMIT": "512MiB"}

settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")


_LONGEST_FIRST = (
    "database_outage", "faults", "end_to_end", "browser", "workflows", "portal", "operations", "mail_faults",
    "postgresql", "privacy", "doctor", "mailbox",
)  # fmt: skip
"""Groups of tests that share an installation or a server; the others, and files of tests, follow in their order."""
_SHARING = {"real": "workflows", "local": "worker", "imap": "mailbox"}
"""Fixtures that are a server for the whole run, and the group of the tests that share it: each process of a run in
parallel would start its own, which takes seconds, and an idle one costs 2 % of a core.
"""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the group that takes longest, so that no process works alone at the end.

    First of all hooks, because the plugin that runs tests in parallel reads the groups in this one as well.
    """
    for item in items:
        for fixture, group in _SHARING.items():
            if fixture in getattr(item, "fixturenames", ()) and item.get_closest_marker("xdist_group") is None:
                item.add_marker(pytest.mark.xdist_group(group))

    def place(item: pytest.Item) -> int:
        marker = item.get_closest_marker("xdist_group")
        (group,) = marker.args if marker else (None,)
        return _LONGEST_FIRST.index(group) if group in _LONGEST_FIRST else len(_LONGEST_FIRST)

    items.sort(key=place)


def pytest_collection_finish() -> None:
    gc.collect()
    gc.freeze()
    gc.enable()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> object:
    """Tests without a group are handed out by files: they mostly share what the fixtures of their file make, and a
    thousand units of work take the process that hands them out several seconds.
    """
    from xdist.scheduler import LoadGroupScheduling  # type: ignore[import-untyped]

    scheduler: Any = LoadGroupScheduling(config, log)
    group_of = scheduler._split_scope
    scheduler._split_scope = lambda name: name.partition("::")[0] if group_of(name) == name else group_of(name)
    return scheduler


_LONGEST_NAME = 200


def pytest_make_parametrize_id(val: object) -> str | None:
    """Bytes are named by their length, long texts as well: a test's name is one line, and the same in every process of
    a run.
    """
    if isinstance(val, bytes):
        return f"{len(val)} bytes"
    return f"{len(val)} characters" if isinstance(val, str) and len(val) > _LONGEST_NAME else None


_BROWSER = "tests/browser/"
_BROWSER_PACKAGES = "chromium: apt-get install chromium fonts-wqy-microhei"
_left_out = pytest.StashKey[int]()
"""How many drills were left out; every process of a run in parallel finds the same ones."""


def pytest_deselected(items: list[pytest.Item]) -> None:
    drills = sum(item.get_closest_marker("drill") is not None for item in items)
    if drills:
        items[0].config.stash[_left_out] = drills


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """A process of a run in parallel has ended."""
    node.config.stash[_left_out] = getattr(node, "workeroutput", {}).get("drills", 0)


def pytest_sessionfinish(session: pytest.Session) -> None:
    output: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["drills"] = session.config.stash.get(_left_out, 0)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if drills := config.stash.get(_left_out, 0):
        terminalreporter.write_line(f"{drills} drills were left out; `make drills` runs them")
    skipped = [report for report in terminalreporter.stats.get("skipped", ()) if _BROWSER in report.nodeid]
    if skipped:
        terminalreporter.write_line(
            f"{len(skipped)} tests in a real browser did not run; they need {_BROWSER_PACKAGES}"
        )


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all processes of a test run share."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session", autouse=True)
def worked_commands(run_folder: Path) -> None:
    """All processes of a test run share which commands have worked in an interpreter of their own."""
    command_line.share_worked(run_folder)


@pytest.fixture(scope="session", autouse=True)
def kept_statements() -> Iterator[None]:
    with compiled_statements.kept():
        yield


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """URL of a SQLite file that does not exist yet."""
    return f"sqlite:///{tmp_path}/bihuan.db"


@pytest.fixture(scope="session")
async def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with all tables and nothing in them, to be copied: migrating one for every test is too slow."""
    file = tmp_path_factory.mktemp("migrated") / "bihuan.db"
    await _migrate(f"sqlite:///{file}")
    return file


@pytest.fixture
async def database(database_url: str, migrated_file: Path) -> AsyncIterator[Database]:
    """An empty database with all tables."""
    opened = Database.open(database_url, synchronous="NORMAL")
    shutil.copy(migrated_file, opened.address.path)
    yield opened
    await opened.close()


@pytest.fixture(scope="session")
def postgresql_server(run_folder: Path) -> Iterator[str]:
    """URL of a PostgreSQL server for the whole run, without a database's name; where none can be had, tests that need
    it fail.
    """
    with ExitStack() as server:
        try:
            url = server.enter_context(shared_server(run_folder))
        except NoServerError as error:
            reason = str(error)
        else:
            yield url
            return
    pytest.fail(f"no PostgreSQL: {reason}", pytrace=False)


@pytest.fixture
async def postgresql_url(postgresql_server: str) -> str:
    """URL of a new, empty database on that server."""
    return await new_database(postgresql_server)


@pytest.fixture(scope="session")
async def migrated_url(postgresql_server: str) -> str:
    """URL of a database on that server with all tables, to be copied."""
    url = await new_database(postgresql_server)
    await _migrate(url)
    return url


@pytest.fixture(scope="session")
def databases(postgresql_server: str, migrated_url: str) -> Databases:
    """Databases on that server with all tables and nothing in them."""
    return Databases(postgresql_server, migrated_url)


@pytest.fixture
async def tables_url(databases: Databases) -> AsyncIterator[str]:
    """URL of one of these databases."""
    url = await databases.take()
    yield url
    await databases.give_back(url)


@pytest.fixture(params=["sqlite", "postgresql"])
async def record_url(
    request: pytest.FixtureRequest, tmp_path: Path, databases: Databases, migrated_file: Path
) -> AsyncIterator[str]:
    """URL of the record of an installation in `tmp_path`, with all tables and nothing in them; processes that the test
    starts use it as well.
    """
    async for url in _in_force(request.param, tmp_path, databases, migrated_file):
        yield url


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
async def shared_record_url(
    request: pytest.FixtureRequest, shared_folder: Path, databases: Databases, migrated_file: Path
) -> AsyncIterator[str]:
    """The same for an installation of a whole module, in `shared_folder`."""
    async for url in _in_force(request.param, shared_folder, databases, migrated_file):
        yield url


@pytest.fixture(scope="module")
def shared_folder(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    return tmp_path_factory.mktemp("shared")


async def _in_force(kind: str, folder: Path, databases: Databases, migrated: Path) -> AsyncIterator[str]:
    """SQLite is the default and needs no setting; the data folder is made for either."""
    data = folder / "bihuan-data"
    data.mkdir(exist_ok=True)
    if kind == "sqlite":
        record = data / migrated.name
        if not record.exists():  # pytest asks for it again where another database came between
            shutil.copy(migrated, data)
        yield f"sqlite:///{record}"
        return
    with pytest.MonkeyPatch.context() as patch:
        url = await databases.take()
        patch.setenv("BIHUAN_DATABASE_URL", url)
        yield url
        await databases.give_back(url)


async def _migrate(url: str) -> None:
    opened = Database.open(url, synchronous="NORMAL")
    await opened.migrate()
    await opened.close()
