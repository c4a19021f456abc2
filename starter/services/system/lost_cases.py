"""Cases whose workflow Temporal has lost for good: closed in the record, once nothing else can help."""

from __future__ import annotations

from temporalio.service import RPCError

from activities.queries.monitoring.sweeps import DriftReason, latest_sweep
from activities.recording.lost import close_lost, is_lost
from starter.services.cases.reading import unknown_case
from worker.installation.installation import Installation, open_installation
from worker.installation.settings import Settings
from worker.temporal.connection import connect
from worker.temporal.rpc import found_or_none
from workflows.domain.problem import Problem
from workflows.domain.vocabulary import OPERATOR


class UnknownPersonError(Problem):
    """Whoever asks for it is not in the organisation."""


async def close_lost_case(settings: Settings, number: str, *, by: str, why: str) -> tuple[str, str]:
    """Close it in the record as withdrawn; answers its status and resolution. The customer gets no message.

    Raises:
        UnknownPersonError: `by` is neither a person of the organisation nor the operator.
        Problem: there is no such case, it came to another end, Temporal knows it or does not answer, or no sweep has
            missed it yet; nothing was changed. One that was closed as lost stays as it is.
    """
    async with open_installation(settings) as installation:
        record = await installation.cases.get(number)
        if record is None:
            raise unknown_case(number)
        if record.view is not None and record.view["closed_at"]:
            if is_lost(record.timeline[-1]["detail"]):
                return record.view["status"], str(record.view["resolution"])
            raise Problem(f"{number} is closed ({record.view['resolution']}) already")
        await _check_person(installation, by)
        await _check_temporal(settings, number)
        await _check_sweep(installation, number)
        view = await close_lost(installation.database, number, by=by, why=why, at=installation.now())
    return str(view.status), str(view.resolution)


async def _check_person(installation: Installation, by: str) -> None:
    organisation = await installation.directory.current()
    if by != OPERATOR and (organisation is None or organisation.person(by) is None):
        raise UnknownPersonError(f"{by}: is not in the organisation; allowed: a person's id, or operator")


async def _check_temporal(settings: Settings, number: str) -> None:
    client = await connect(settings)
    try:
        found = await found_or_none(client.get_workflow_handle(number).describe())
    except RPCError as error:
        raise Problem(f"{number}: Temporal does not say whether it has it: {error.message}") from None
    if found is None:
        return
    state = found.status.name.lower() if found.status else "known"
    raise Problem(f"{number}: Temporal has its workflow ({state}); bihuan stuck says what helps")


async def _check_sweep(installation: Installation, number: str) -> None:
    sweep = await latest_sweep(installation.database)
    missing = DriftReason.WORKFLOW_MISSING
    if sweep is None or not any((one.workflow, one.reason) == (number, missing) for one in sweep.found):
        raise Problem(
            f"{number}: the latest sweep did not miss it; is this the Temporal that the workers use? Once bihuan "
            f"stuck shows {missing} for it (sweeps come every two minutes; by hand: bihuan doctor --mend), try again"
        )
