"""An installation with a mail server that whole cases are lived in, and the cases that came in at first."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from tests.activities.delivery.mail_server import MailServer
from tests.starter.command_line import intake_form
from tests.starter.installation import Answer, Installation

SENDER = "智办公客服 <support@example.com>"
SOLUTION = ("--cause", "同步服务连接超时", "--solution", "已重启同步服务并调整超时", "--verified", "yes")
_MAILED = ("life", "repeat", "gone", "killed", "corrected")
_SPOKEN = ("strange", "by-hand", "locked", "stopped")
MARKUP = "<script>alert(1)</script>[red]王芳[/red]"


@dataclass
class Desk:
    """An installation with its mail server, and the cases that came in at first: intake key -> number."""

    installation: Installation
    mail: MailServer
    numbers: dict[str, str]


@dataclass
class ClosedCase:
    """One case from the call to the closed loop, and what each command answered."""

    number: str
    owner: str
    opened: dict[str, Any]
    outcomes: dict[str, dict[str, Any]]
    closed: dict[str, Any]


async def take_in(installation: Installation) -> dict[str, str]:
    """Open all cases by one command, which is quicker than a process for each."""
    forms = [_mailed(f"{key}@example.com", intake_key=key) for key in _MAILED]
    forms += [intake_form(intake_key=key) for key in _SPOKEN]
    forms.append(_mailed("markup@example.com", name=MARKUP, intake_key="markup"))
    lines = "\n".join(json.dumps(form, ensure_ascii=False) for form in forms)
    assert (await installation.run("import", "-", "--json", given=lines)).value["created"] == len(forms)
    listed = (await installation.run("list", "--json")).value
    numbers = {case["form"]["intake_key"]: case["number"] for case in listed}
    for number in numbers.values():
        await installation.until_case(number, lambda case: bool(case["owner"]))
    return numbers


def _mailed(address: str, *, name: str = "王芳", **changes: object) -> dict[str, object]:
    """A form of a customer who reads mail."""
    return intake_form(customer={"name": name, "kind": "individual", "email": address, "locale": "zh_CN"}, **changes)


def refused(answer: Answer, said: str) -> bool:
    """Whether it is one line on standard error that begins so, nothing on standard output, and exit 1."""
    assert (answer.code, answer.out) == (1, ""), answer
    assert answer.err.count("\n") == 1, answer
    assert answer.err.startswith(said), answer
    return True
