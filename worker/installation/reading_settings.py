"""Where the record is and in which language it is shown: the settings that a command which only reads needs.

`worker.installation.settings` reads and checks all settings, and takes half a second of a processor to load: too long
for somebody who looks at a case.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from worker.installation.config_file import DEFAULT_DATA, PREFIX, read_config, record_url
from worker.installation.variables import unknown_variables
from workflows.domain.vocabulary import Locale


@dataclass(frozen=True)
class ReadingSettings:
    """The part of the settings that reading needs."""

    data: Path
    database_url: str | None
    locale: Locale
    files: str | None = None

    @property
    def database(self) -> str:
        """URL of the record."""
        return record_url(self.database_url, self.data)


def load_reading_settings(data: str | None = None) -> ReadingSettings:
    """The option, then the environment, then the file, then the defaults, as `load_settings` has it.

    Raises:
        Problem: the settings file is not well-formed, a value is not understood, or a variable is none of ours.
    """
    file = read_config()

    def given(name: str) -> Any:
        return os.environ.get(PREFIX + name.upper()) or file.get(name)

    folder, url, locale = data or given("data") or DEFAULT_DATA, given("database_url"), given("locale") or Locale.ZH_CN
    files = given("files")
    is_clear = not unknown_variables(os.environ)
    if is_clear and isinstance(folder, str | Path) and isinstance(url, str | None) and locale in set(Locale):
        return ReadingSettings(Path(folder), url, Locale(locale), files if isinstance(files, str) else None)
    from worker.installation.settings import load_settings

    settings = load_settings(data=data)
    return ReadingSettings(settings.data, settings.database_url, settings.locale, settings.files)
