"""Reading an organisation from its TOML file, and the sample that ships (R11)."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from activities.mail_address import address_fault
from activities.toml_file import read_toml
from workflows.domain.organisation.organisation import Organisation
from workflows.domain.problem import Problem

_SAMPLE = Path(__file__).with_name("sample.toml")


def load_organisation(path: Path) -> Organisation:
    """The organisation of a TOML file.

    Raises:
        Problem: the file cannot be read or is not well-formed; one line a fault.
    """
    organisation = read_toml(path, Organisation)
    named = [(f"people[{person.id}].email", person.email) for person in organisation.people]
    named.append(("company.email", organisation.company.email))
    if faults := [f"{path}: {where}: {fault}" for where, value in named if value and (fault := address_fault(value))]:
        raise Problem("\n".join(faults))
    return organisation


@cache
def sample_organisation() -> Organisation:
    """The organisation that ships: five departments, to try things with; read once in a process."""
    return load_organisation(_SAMPLE)
