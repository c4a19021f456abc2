"""`bihuan close-lost`: an end for a case that Temporal has lost for good."""

from __future__ import annotations

from starter.console.screen import Number, print_json, read_number
from starter.console.sender import Sender, Why
from workflows.domain.problem import Problem


async def close_lost(number: Number, /, *, why: Why, sender: Sender) -> None:
    """Close a case in the record whose workflow Temporal does not know any more, where no backup has it either. Refused
    while Temporal knows it, or until a sweep has missed it, too. The customer gets no message: open the issue anew,
    with the form of `bihuan show N --json`, or tell them yourself.

    Example: bihuan close-lost FB202605110001 --as operator --why "Temporal 数据丢失,已重新登记为 FB202605120003"
    """
    from temporalio.service import RPCError

    from activities.queries.sweeps import DriftReason, latest_sweep
    from activities.recording.lost import close_lost as close_in_record
    from worker.installation.installation import Installation, open_installation
    from worker.installation.settings import load_settings
    from worker.temporal.connection import connect
    from worker.temporal.rpc import found_or_none
    from workflows.domain.vocabulary import OPERATOR

    number, by = read_number(number), sender.by.strip()
    settings = load_settings(data=sender.data)

    async def check_person(installation: Installation) -> None:
        organisation = await installation.directory.current()
        if by != OPERATOR and (organisation is None or organisation.person(by) is None):
            raise Problem(f"--as {sender.by}: is not in the organisation; allowed: a person's id, or operator")

    async def check_temporal() -> None:
        client = await connect(settings)
        try:
            found = await found_or_none(client.get_workflow_handle(number).describe())
        except RPCError as error:
            raise Problem(f"{number}: Temporal does not say whether it has it: {error.message}") from None
        if found is None:
            return
        state = found.status.name.lower() if found.status else "known"
        raise Problem(f"{number}: Temporal has its workflow ({state}); bihuan stuck says what helps")

    async def check_sweep(installation: Installation) -> None:
        sweep = await latest_sweep(installation.database)
        missed = DriftReason.WORKFLOW_MISSING
        if sweep is None or not any((one.workflow, one.reason) == (number, missed) for one in sweep.found):
            raise Problem(
                f"{number}: the latest sweep did not miss it; is this the Temporal that the workers use? Once bihuan "
                f"stuck shows {missed} for it (sweeps come every two minutes; by hand: bihuan doctor --mend), try again"
            )

    if not why.strip():
        raise Problem("--why is empty; allowed: the reason, which is kept in the history")
    async with open_installation(settings) as installation:
        file = await installation.cases.get(number)
        if file is None:
            raise Problem(f"{number}: there is no such case; bihuan list shows the cases")
        if file.view is not None and file.view["closed_at"]:
            raise Problem(f"{number} is closed ({file.view['resolution']}) already")
        await check_person(installation)
        await check_temporal()
        await check_sweep(installation)
        view = await close_in_record(installation.database, number, by=by, why=why, at=installation.now())
    if sender.as_json:
        print_json({"number": number, "status": view.status, "resolution": view.resolution})
    else:
        print(f"{number} closed in the record ({view.resolution})")
