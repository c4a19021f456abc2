"""Commands of bihuan on a data folder, for pictures of what comes of them."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

BIHUAN = Path(sys.executable).with_name("bihuan")

URGENT = {
    "channel": "app",
    "customer": {"name": "何雨", "company": "山楂咖啡", "phone": "13712345678", "email": "heyu@example.com"},
    "product": "收银台",
    "type": "technical",
    "priority": "P0",
    "description": {
        "symptom": "所有门店的收银台都无法登录",
        "steps": "打开收银台,输入工号和密码",
        "actual": "一直转圈",
    },
    "occurred_at": "2026-01-05T08:30+08:00",
    "impact": {"blocks_normal_use": True, "effect": "门店无法收款"},
}


def ask(data: Path, *words: str, form: Any = None) -> Any:
    """What a command answers as JSON; None where it answers none."""
    arguments = [BIHUAN, *words, "--data", data, "--json"]
    given = json.dumps(form) if form else None
    run = subprocess.run(arguments, input=given, capture_output=True, text=True, check=False)  # noqa: S603
    with suppress(json.JSONDecodeError):
        return json.loads(run.stdout)
    return None
