"""How long `bihuan trial` takes: a thousand cases with ten events each, made up the same way every time.

python -m benchmarks.trial
"""

from __future__ import annotations

import json
import random
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from starter.admin import run

_CASES = 1_000
_START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
_TEXT = {"text": "在查"}
_SOLUTION = {"cause": "缓存过期", "solution": "已更新缓存策略", "verified": "yes"}
_COURSE: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("claim", "owner", {}),
    ("reply", "owner", _TEXT),
    ("progress", "owner", {**_TEXT, "step": 1}),
    ("note", "owner", _TEXT),
    ("progress", "owner", {**_TEXT, "step": 2, "why": "等待日志"}),
    ("resolve", "owner", _SOLUTION),
    ("refuse", "customer", {"why": "仍然报错"}),
    ("reply", "owner", _TEXT),
    ("resolve", "owner", _SOLUTION),
    ("rate", "customer", {"score": "satisfied"}),
)


def lines(cases: int) -> Iterator[str]:
    """A log over about ten weeks; half of the cases are urgent."""
    chance = random.Random(3)  # noqa: S311 - the same log every time
    for number in range(cases):
        at = _START + timedelta(minutes=number * 100)
        form = {
            "channel": "portal",
            "customer": {"name": "王芳", "email": "wangfang@example.com"},
            "product": "智办公CRM系统",
            "type": "technical",
            "occurred_at": at.isoformat(),
            "description": {"symptom": "点击保存后提示网络错误", "steps": "新建客户,点击保存"},
            "impact": {"blocks_normal_use": number % 2 == 0},
        }
        yield json.dumps({"at": at.isoformat(), "key": f"case-{number}", "open": form})
        for signal, by, given in _COURSE:
            at += timedelta(minutes=chance.randint(1, 1_500))
            yield json.dumps({"at": at.isoformat(), "key": f"case-{number}", "signal": signal, "by": by, "with": given})


def main() -> None:
    """Write the log, try it once, say how long that took with everything, reading included."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log.jsonl"
        log.write_text("\n".join(lines(_CASES)), encoding="utf-8")
        before, used = time.perf_counter(), time.process_time()
        run(["trial", str(log), "--policy", "standard", "--data", str(Path(folder) / "none")])
        took, used = time.perf_counter() - before, time.process_time() - used
        print(
            f"bihuan trial, one policy, {_CASES} cases with an opening and {len(_COURSE)} events each: {took:.1f} s "
            f"({used:.1f} s of processor time), from reading the log to the printed tables, imports included"
        )


if __name__ == "__main__":
    main()
