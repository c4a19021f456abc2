"""The links in messages to customers: their address, their keys, and links whose key is gone."""

from __future__ import annotations

from collections.abc import Iterable

from activities.links.store import count_by_key
from starter.doctor.check import Check, CheckResult, CheckSkippedError
from starter.doctor.context import DoctorContext
from workflows.domain.problem import Problem


async def links(context: DoctorContext) -> Iterable[CheckResult]:
    """Whether messages carry links, and what is missing where they do not."""
    check, settings = Check("links"), context.settings
    url, given = settings.web.url, settings.link_keys or settings.link_keys_file
    try:
        ring = settings.link_key_ring()
    except Problem as problem:
        return check.problem(problem, "correct BIHUAN_LINK_KEYS or BIHUAN_LINK_KEYS_FILE")
    if url is None:
        if given is None:
            return [check.ok("no address of a portal is set: messages carry no link, they say the number")]
        what = "link keys are set and BIHUAN_WEB__URL is not: messages carry no link"
        return [check.warning(what, "set BIHUAN_WEB__URL to the address customers see")]
    if ring is None:
        what = "BIHUAN_WEB__URL is set and there are no link keys: messages name the portal and carry no link"
        todo = "set BIHUAN_LINK_KEYS as the workers have it; `bihuan up` makes a key in its data folder"
        return [check.warning(what, todo)]
    before = [key.id for key in ring.keys[1:]]
    older = f" (before: {', '.join(before)})" if before else ""
    results = [check.ok(f"{url}, key {ring.first.id}{older}")]
    try:
        now = (await context.company()).now()
        counts = await count_by_key(await context.database(), now)
    except CheckSkippedError:
        return results
    for key, count in sorted(counts.items()):
        if ring.find(key) is None:
            what = f"{count} links that customers have were made with the key {key}, which is not configured: "
            todo = "put that key behind the first of BIHUAN_LINK_KEYS, unless somebody else may have it"
            results.append(check.warning(f"{what}they open nothing", todo))
    return results
