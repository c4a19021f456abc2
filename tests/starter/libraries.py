"""Imports the libraries that commands use, and nothing of bihuan, in the process that a command's first run is forked
from.
"""

from __future__ import annotations

import gc
from importlib import import_module

_LIBRARIES = (
    "PIL.Image", "aiosmtplib", "aiosqlite", "alembic.command", "asyncpg", "concurrent.futures.thread",
    "cryptography.hazmat.primitives.ciphers.aead", "cyclopts.help", "email_validator", "encodings.utf_8_sig",
    "filetype", "holidays.countries.china", "httpx2", "imapclient", "jinja2.sandbox", "markdown_it", "phonenumbers",
    "prometheus_client", "pydantic.dataclasses", "pydantic_settings", "python_multipart", "rich.markdown",
    "rich.progress", "rich.syntax", "rich.traceback", "sqlalchemy.dialects.postgresql.asyncpg",
    "sqlalchemy.dialects.sqlite.aiosqlite", "sqlalchemy.ext.asyncio", "starlette.applications",
    "starlette.middleware.cors", "starlette.routing", "structlog", "temporalio.contrib.pydantic",
    "temporalio.envconfig", "temporalio.worker", "uvicorn", "vl_convert",
)  # fmt: skip


def freeze() -> None:
    """Else the garbage collector of every fork would visit, and so copy, all that is loaded."""
    gc.collect()
    gc.freeze()


for _name in _LIBRARIES:
    import_module(_name)
freeze()
