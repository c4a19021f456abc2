"""The keys of links, made once where the settings have none: a link has to be the same whenever its message goes."""

from __future__ import annotations

import secrets
from datetime import datetime

from activities.key_ring import Key
from worker.installation.config_file import LINK_KEYS
from worker.installation.private_files import make_data_folder, write_private
from worker.installation.settings import Settings
from workflows.domain.problem import Problem


def make_link_keys(settings: Settings, now: datetime) -> None:
    """Make a key in the data folder, for its user alone, where there is none yet and the settings name none.

    Its id begins with the month. The caller holds the lock of the data folder.

    Raises:
        Problem: it cannot be written.
    """
    file = settings.data / LINK_KEYS
    if settings.link_keys is not None or settings.link_keys_file is not None or file.exists():
        return
    make_data_folder(settings.data)
    try:
        write_private(file, Key.new(f"{now:%Y-%m}-{secrets.token_hex(3)}").line() + "\n")
    except OSError as error:
        raise Problem(f"{file}: cannot be written: {error.strerror}") from None
