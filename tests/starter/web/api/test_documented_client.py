"""The clients of docs/api.md, in Python and with curl, open, claim and answer a case as they stand there (R47)."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import sys

import pytest

from starter.services.identity.tokens import make_token
from tests.docs.pages import ROOT, read
from tests.starter.web.office import Office

pytestmark = pytest.mark.xdist_group("portal")

_ADDRESS = "https://service.example.com"
_DUTY = "duty-001"
"""A duty manager may do what the owner may."""


def _block(language: str) -> str:
    (found,) = re.findall(rf"```{language}\n(.+?)```", read(ROOT / "docs" / "api.md"), re.DOTALL)
    return str(found)


async def _run(office: Office, *command: str) -> str:
    _, secret = await make_token(office.up.settings, person=_DUTY, system=None)
    environment = {**os.environ, "TOKEN": secret}
    process = await asyncio.create_subprocess_exec(
        *command, cwd=office.up.folder, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    return out.decode()


async def _answered(office: Office, number: str) -> None:
    case = await office.up.until_case(number, lambda case: any(one["kind"] == "replied" for one in case["timeline"]))
    assert {"claimed", "replied"} <= {entry["kind"] for entry in case["timeline"] if entry["by"] == _DUTY}


async def test_the_client_in_python_opens_claims_and_answers_a_case(office: Office) -> None:
    code = _block("python").replace(_ADDRESS, office.up.pages)
    number = await _run(office, sys.executable, "-c", f"{code}\nprint(number)")
    await _answered(office, number.strip())


@pytest.mark.skipif(not (shutil.which("curl") and shutil.which("jq")), reason="needs curl and jq")
async def test_the_client_with_curl_opens_claims_and_answers_a_case(office: Office) -> None:
    shutil.copy(ROOT / "docs" / "form-example.json", office.up.folder / "form.json")
    (office.up.folder / "log.txt").write_text("nothing\n")
    code = _block("sh").replace(_ADDRESS, office.up.pages)
    said = await _run(office, "bash", "-ec", f"set -o pipefail\n{code}\necho; echo $N")
    await _answered(office, said.split()[-1])
