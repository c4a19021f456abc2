"""Alembic run on a connection that is already in a transaction: all of the upgrade, or nothing of it."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection

from workflows.domain.problem import Problem


def configuration(connection: Connection | None = None) -> Config:
    """Alembic's settings, without any file beside the package."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Bring the schema to `revision`; a schema that is there already stays untouched.

    Raises:
        Problem: the schema is of a revision this release does not know.
    """
    try:
        command.upgrade(configuration(connection), revision)
    except CommandError as error:
        raise Problem(f"the database schema cannot be upgraded: {error} (was it made by a newer release?)") from error
