"""The console script as its own process, without the settings of whoever runs the tests."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]
_THEIRS = ("BIHUAN_", "TEMPORAL_")
_OURS = "BIHUAN_DATABASE_URL"
"""Of a database of the tests: see `record_url`."""
BIHUAN = (sys.executable, "-c", "from starter.admin import main; main()")

ON_SQLITE = pytest.mark.parametrize("record_url", ["sqlite"], indirect=True)
SHARED_ON_SQLITE = pytest.mark.parametrize("shared_record_url", ["sqlite"], indirect=True)
"""For what does not hang on how the database answers (refusals, files); each command is a process of its own."""


def bihuan_environment(changes: Mapping[str, str]) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if name == _OURS or not name.startswith(_THEIRS)}
    return {**inherited, "PYTHONPATH": str(_ROOT), "NO_COLOR": "1", **changes}


def bihuan(
    *arguments: str, folder: Path, environment: Mapping[str, str] | None = None, given: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run to its end in a folder of its own."""
    return subprocess.run(
        [*BIHUAN, *arguments],
        cwd=folder,
        env=bihuan_environment(environment or {}),
        input=given,
        capture_output=True,
        text=True,
        check=False,
    )


def make_installation(folder: Path) -> None:
    """Its record, with all tables and nothing in them, as before the first `bihuan up`."""
    (folder / "bihuan-data").mkdir(exist_ok=True)
    made = bihuan("db", "upgrade", folder=folder)
    assert made.returncode == 0, made


def intake_form(**changes: object) -> dict[str, object]:
    return {
        "channel": "portal",
        "customer": {"name": "王芳", "kind": "individual", "phone": "13800138000", "locale": "zh_CN"},
        "product": "智办公CRM系统",
        "occurred_at": "2024-05-01T14:30+08:00",
        "description": {"symptom": "点击保存后提示网络错误", "steps": "新建客户后保存"},
        "impact": {"blocks_normal_use": True, "effect": "无法新增客户"},
        **changes,
    }
