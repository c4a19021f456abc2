"""Play the demonstration and keep the history of each of its cases, for replay: `make histories`.

With names of stories behind `python -m tests.workflows.save_histories` only theirs are kept; the others stay as an
earlier release made them.

Histories are kept when a release is made, not when a test is red: a history that does not replay any more is a case
of somebody's that would not go on after an upgrade. `record_locked.json` is no story: its database was locked for
several seconds, again and again.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from pathlib import Path
from typing import Any

from temporalio.client import WorkflowHistory
from temporalio.service import RPCError

from starter.demo.run import PlayedStories, play_all
from tests.workflows.linked_histories import linked_histories
from worker.installation.settings import Settings
from worker.temporal.connection import connect
from worker.temporal.endpoint import Endpoint
from workflows.case.workflow import CaseWorkflow
from workflows.domain.ids import review_id

_PROCESS = re.compile(r"\d+@[\w.-]+")
"""How the SDK names a worker and its sticky queue."""
HISTORIES = Path(__file__).parent / "histories"


async def save(settings: Settings, played: PlayedStories) -> None:
    """One file a story, and one a department's part and a review in it, without the name of the machine."""
    client = await connect(settings, endpoint=Endpoint.read(settings.data))
    wanted = set(sys.argv[1:])
    for number, story in played.numbers.items():
        if wanted and story.key not in wanted:
            continue
        view = await client.get_workflow_handle(number).query(CaseWorkflow.state)
        parts = {f"{story.key}.{part.department}": part.workflow_id for part in view.collaborations} if view else {}
        parts[f"{story.key}.review"] = review_id(number)
        for key, workflow_id in {story.key: number, **parts}.items():
            try:
                history = await client.get_workflow_handle(workflow_id).fetch_history()
            except RPCError:  # it called for no review
                continue
            _keep(key, history)


async def save_linked() -> None:
    """The cases that no story has."""
    for key, history in (await linked_histories()).items():
        _keep(key, history)


def _keep(key: str, history: WorkflowHistory) -> None:
    text = json.dumps(_anonymous(json.loads(history.to_json())), ensure_ascii=False, indent=1)
    (HISTORIES / f"{key}.json").write_text(text + "\n", encoding="utf-8")


def _anonymous(value: Any) -> Any:
    """Without names of processes and without the paths of a machine."""
    if isinstance(value, dict):
        return {key: "" if key == "stackTrace" else _anonymous(entry) for key, entry in value.items()}
    if isinstance(value, str):
        return _PROCESS.sub("worker", value)
    if isinstance(value, list):
        return [_anonymous(entry) for entry in value]
    return value


if __name__ == "__main__":
    asyncio.run(save_linked())
    sys.exit(asyncio.run(play_all(afterwards=save)))
