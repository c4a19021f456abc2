"""`bihuan keys` and `bihuan codec`: the keys of what goes to Temporal, and how a Web UI reads it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from cyclopts import Parameter

from starter.console.screen import AsJson, DataFolder, print_json, print_table, say


async def new(
    *,
    id_: Annotated[str | None, Parameter(name="--id", help="What the key is called (default: this month).")] = None,
) -> None:
    """Print a fresh key for BIHUAN_ENCRYPTION_KEYS or the file of BIHUAN_ENCRYPTION_KEYS_FILE. It is kept nowhere.

    Example: bihuan keys new >> /etc/bihuan/keys
    """
    from activities.key_ring import Key

    print(Key.new(id_ or f"{datetime.now(UTC):%Y-%m}").line())


async def list_(*, as_json: AsJson = False, data: DataFolder = None) -> None:
    """The configured keys, and any other that something at Temporal is encrypted with; the histories are read for it.

    Counted are the workflows that still run, deliveries under way, and Schedules: a key that none of them needs may
    go. Ended histories that need it can no longer be read without it.

    Example: bihuan keys list
    """
    from starter.services.system.key_usage import find_usage
    from worker.installation.settings import load_settings
    from worker.temporal.connection import connect

    settings = load_settings(data=data)
    ring = settings.key_ring()
    usage = await find_usage(await connect(settings))
    known = [key.id for key in ring.keys] if ring else []
    rows: list[dict[str, Any]] = [
        {
            "id": name,
            "configured": name in known,
            "encrypts": bool(known) and name == known[0],
            "open": usage.workflows[name],
            "deliveries": usage.deliveries[name],
            "schedules": usage.schedules[name],
        }
        for name in dict.fromkeys((*known, *sorted({*usage.workflows, *usage.deliveries, *usage.schedules})))
    ]
    if as_json:
        print_json(rows)
    elif rows:
        print_table(
            ("Key", "Here", "Open workflows", "Deliveries", "Schedules"),
            [
                (row["id"], _role(row), *(str(row[name]) for name in ("open", "deliveries", "schedules")))
                for row in rows
            ],
        )
    else:
        print("no keys, and nothing is encrypted")


async def codec(*, data: DataFolder = None) -> int:
    """Run an endpoint that decrypts payloads for a Web UI and for `temporal --codec-endpoint`, until Ctrl-C.

    It listens on BIHUAN_CODEC_IP (127.0.0.1), BIHUAN_CODEC_PORT (8234). Without BIHUAN_CODEC_TOKEN it makes a token
    and prints the address with it. `bihuan up` runs one by itself.

    Example: bihuan codec
    """
    from worker.installation.settings import load_settings
    from worker.monitoring.logs import configure_logs
    from worker.process import stop_on_signals
    from worker.temporal.connection import web_ui
    from worker.web.codec_server import PORT, origins_of, safe_endpoint, serving
    from workflows.domain.problem import Problem

    settings = load_settings(data=data)
    ring = settings.key_ring()
    if ring is None:
        raise Problem("there are no keys: set BIHUAN_ENCRYPTION_KEYS; `bihuan keys new` makes one")
    configure_logs(settings.log_format, settings.log_level)
    chosen = settings.codec_token.get_secret_value() if settings.codec_token else None
    origins = origins_of(settings, web_ui(settings))
    endpoint = safe_endpoint(settings.codec_ip, settings.codec_port or PORT, chosen, origins, settings.host_names)
    stop = stop_on_signals()
    async with serving(ring, endpoint):
        shown = f"{endpoint.address} (with BIHUAN_CODEC_TOKEN)" if chosen else endpoint.with_token
        asking = ", ".join(endpoint.origins) or "no Web UI: set BIHUAN_WEB_UI or BIHUAN_CODEC_ORIGINS"
        say(f"codec endpoint {shown}, for {asking}. Ctrl-C stops")
        await stop.wait()
    say("stopped")
    return 0


def _role(row: dict[str, Any]) -> str:
    if not row["configured"]:
        return "missing"
    return "encrypts" if row["encrypts"] else "decrypts"
