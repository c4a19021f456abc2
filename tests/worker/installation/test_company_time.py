"""Who looks at a case sees the cases' time, in a demonstration as well, and does not wait for it."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tests.workflows.domain.time.test_virtual_time import DEMO, NOW
from worker.installation.company_time import CompanyTime
from workflows.domain.time.virtual_time import VirtualTime

_ROOT = Path(__file__).parents[3]


@given(st.integers(-(10**6), 10**9))
def test_what_is_shown_is_the_time_the_rules_go_by(milliseconds: int) -> None:
    moment = NOW + timedelta(milliseconds=milliseconds)
    for time in (DEMO, VirtualTime(), VirtualTime(speed=60, real_start=NOW)):
        assert CompanyTime(time.model_dump(mode="json")).virtual(moment) == time.virtual(moment)


def test_a_case_in_virtual_time_is_shown_without_loading_the_models() -> None:
    script = (
        "import sys\n"
        "from worker.installation.company_time import CompanyTime\n"
        f"CompanyTime({DEMO.model_dump(mode='json')!r}).now()\n"
        "sys.exit(str({'sqlalchemy', 'pydantic', 'temporalio'} & set(sys.modules) or 0))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=_ROOT, capture_output=True, text=True, check=False)
    assert done.stderr.strip() == "0"
