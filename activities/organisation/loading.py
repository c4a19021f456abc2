"""Reading an organisation from its TOML file, and the sample that ships (R11)."""

from __future__ import annotations

from pathlib import Path

from activities.toml_file import read_toml
from workflows.domain.organisation.organisation import Organisation

_SAMPLE = Path(__file__).with_name("sample.toml")


def load_organisation(path: Path) -> Organisation:
    """The organisation of a TOML file.

    Raises:
        Problem: the file cannot be read or is not well-formed; one line a fault.
    """
    return read_toml(path, Organisation)


def sample_organisation() -> Organisation:
    """The organisation that ships: five departments, to try things with."""
    return load_organisation(_SAMPLE)
