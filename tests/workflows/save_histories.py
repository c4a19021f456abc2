"""Record the history of every scenario anew, for replay: `make histories`.

A history that is kept stands for a case of a company's: one that does not replay any more would not go on after an
upgrade. So they are recorded when a release is made, never to make a red test green. With names of stories behind
`python -m tests.workflows.save_histories` only theirs are recorded.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from temporalio.client import WorkflowHistory
from temporalio.service import RPCError, RPCStatusCode

from starter.demo.run import PlayedStories, play_all
from tests.workflows.linked_histories import linked_histories
from tests.workflows.raced_histories import raced_histories
from tests.workflows.scheduled_histories import scheduled_histories
from tests.workflows.servers import start_real
from worker.installation.settings import Settings
from worker.temporal.connection import connect
from worker.temporal.endpoint import Endpoint
from workflows.case.workflow import CaseWorkflow
from workflows.domain.ids import review_id

_PROCESS = re.compile(r"\d+@[\w.-]+")
"""How the SDK names a worker and its sticky queue."""
HISTORIES = Path(__file__).parent / "histories"


async def main(wanted: Sequence[str]) -> int:
    """All, or those of the wanted stories; 0 when every story ended as it says."""
    if not wanted:
        for path in HISTORIES.glob("*.json"):
            path.unlink()
        async with await start_real() as server:
            for play in (linked_histories, raced_histories, scheduled_histories):
                for name, history in (await play(server.client)).items():
                    _save(name, history)
    return await play_all(afterwards=partial(_save_stories, wanted))


async def _save_stories(wanted: Sequence[str], settings: Settings, played: PlayedStories) -> None:
    """One file a story, and one for each department's task and each review in it."""
    client = await connect(settings, endpoint=Endpoint.read(settings.data))
    for number, story in played.numbers.items():
        if wanted and story.key not in wanted:
            continue
        view = await client.get_workflow_handle(number).query(CaseWorkflow.state)
        tasks = view.collaborations if view else ()
        ids = {story.key: number, f"{story.key}.review": review_id(number)}
        ids |= {f"{story.key}.{task.department}": task.workflow_id for task in tasks}
        for name, workflow_id in ids.items():
            try:
                _save(name, await client.get_workflow_handle(workflow_id).fetch_history())
            except RPCError as error:
                if error.status is not RPCStatusCode.NOT_FOUND:  # it called for no review
                    raise


def _save(name: str, history: WorkflowHistory) -> None:
    text = json.dumps(_anonymous(json.loads(history.to_json())), ensure_ascii=False, indent=1)
    (HISTORIES / f"{name}.json").write_text(text + "\n", encoding="utf-8")


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
    sys.exit(asyncio.run(main(sys.argv[1:])))
