"""The settings file: `bihuan.toml` in the working directory, or the one that `BIHUAN_CONFIG` names."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from activities.document_text import read_toml_table
from workflows.domain.problem import Problem

PREFIX = "BIHUAN_"
CONFIG_VARIABLE = "BIHUAN_CONFIG"
PERSON_VARIABLE = "BIHUAN_AS"
"""Who gives commands on this machine: of the admin script alone, and no setting of an installation."""
SERVER_VARIABLES = ("BIHUAN_URL", "BIHUAN_TOKEN", "BIHUAN_PLAIN_HTTP")
"""The server that commands go to: of the admin script alone, too."""
SECRETS = frozenset({
    "channels", "codec_token", "database_url", "encryption_keys", "link_keys", "mailboxes", "oidc", "smtp_url",
    "webhooks",
})  # fmt: skip
"""Settings that hold a password or a key: their values are never shown in an error."""
_PATHS = ("data", "organisation", "templates", "archive", "reports", "encryption_keys_file", "link_keys_file")


def config_file() -> Path | None:
    """Path of the settings file, None where there is none.

    Raises:
        Problem: `BIHUAN_CONFIG` names a file that is not there.
    """
    named = os.environ.get(CONFIG_VARIABLE)
    if not named:
        return path if (path := Path("bihuan.toml")).is_file() else None
    if not (path := Path(named)).is_file():
        raise Problem(f"{CONFIG_VARIABLE}: there is no file {named}")
    return path


def read_config() -> dict[str, Any]:
    """Content of the settings file, with paths relative to its folder; empty where there is none.

    Raises:
        Problem: it cannot be read, or is not TOML.
    """
    path = config_file()
    if path is None:
        return {}
    content = read_toml_table(path)
    for name in _PATHS:
        if isinstance(value := content.get(name), str):
            content[name] = path.parent / value
    if isinstance(files := content.get("files"), str) and "://" not in files:
        content["files"] = str(path.parent / files)
    for group in ("channels", "mailboxes", "webhooks"):
        _place_secret_files(content.get(group), path.parent)
    _place_secret_files({name: content.get(name) for name in ("oidc", "web")}, path.parent)
    return content


def _place_secret_files(named: Any, folder: Path) -> None:
    """Files of secrets, `…_file`, are beside the settings file, too, however deep they stand."""
    for name, value in named.items() if isinstance(named, dict) else ():
        if name.endswith("_file") and isinstance(value, str):
            named[name] = folder / value
        _place_secret_files(value, folder)


DEFAULT_DATA = Path("bihuan-data")
LINK_KEYS = "link-keys"
"""In the data folder: the keys of links that `bihuan up` has made, where the settings have none."""


def record_url(database_url: str | None, data: Path) -> str:
    """URL of the record: the configured database, or a SQLite file in the data folder."""
    return database_url or f"sqlite:///{data.resolve() / 'bihuan.db'}"
