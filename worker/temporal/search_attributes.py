"""Registers the search attributes of cases with the server; without them every case stands still."""

from __future__ import annotations

import logging
import shlex
from collections.abc import Iterable, Mapping

from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from workflows.domain.problem import Problem
from workflows.search_attributes import SEARCH_ATTRIBUTES

REQUIRED: Mapping[str, str] = {
    key.name: key.indexed_value_type.name.replace("_", " ").title().replace(" ", "") for key in SEARCH_ATTRIBUTES
}
"""Name -> type as Temporal's command line spells it."""

_log = logging.getLogger("bihuan.search_attributes")
_REFUSED = {RPCStatusCode.PERMISSION_DENIED, RPCStatusCode.UNAUTHENTICATED, RPCStatusCode.UNIMPLEMENTED}


async def ensure_search_attributes(client: Client) -> tuple[str, ...]:
    """Register what is missing; answers the names that were added.

    Raises:
        Problem: one has another type on this server, or some are missing and this client may not add them; the
            text names the command that does.
    """
    namespace = client.namespace
    try:
        listed = await client.operator_service.list_search_attributes(ListSearchAttributesRequest(namespace=namespace))
    except RPCError as error:
        if error.status in _REFUSED:
            # Hosted clusters may hide the list from a worker's key although everything is in place.
            _log.warning(
                "cannot see the search attributes of %s; if cases stand still, run: %s",
                namespace,
                creation_commands(REQUIRED, namespace),
            )
            return ()
        raise
    present = {**listed.system_attributes, **listed.custom_attributes}
    for name, kind in REQUIRED.items():
        if name in present and present[name] != _indexed(kind):
            found = IndexedValueType.Name(present[name]).removeprefix("INDEXED_VALUE_TYPE_").title()
            raise Problem(
                f"search attribute {name} is {found} in namespace {namespace}, needed is {kind}; "
                f"where nothing else uses it: temporal operator search-attribute remove --name {name}; else use a "
                "namespace of your own"
            )
    return await _add(client, {name: kind for name, kind in REQUIRED.items() if name not in present})


def creation_commands(missing: Mapping[str, str], namespace: str) -> str:
    """What an administrator has to run, one command a type."""
    kinds = dict.fromkeys(missing.values())
    return " && ".join(
        shlex.join(
            [
                *("temporal", "operator", "search-attribute", "create", "--namespace", namespace, "--type", kind),
                *_names(name for name, of in missing.items() if of == kind),
            ]
        )
        for kind in kinds
    )


def _names(names: Iterable[str]) -> Iterable[str]:
    for name in names:
        yield from ("--name", name)


def _indexed(kind: str) -> IndexedValueType.ValueType:
    return IndexedValueType.Value(f"INDEXED_VALUE_TYPE_{kind.upper()}")


async def _add(client: Client, missing: Mapping[str, str]) -> tuple[str, ...]:
    if not missing:
        return ()
    wanted = {name: _indexed(kind) for name, kind in missing.items()}
    request = AddSearchAttributesRequest(namespace=client.namespace, search_attributes=wanted)
    try:
        await client.operator_service.add_search_attributes(request)
    except RPCError as error:
        if error.status is RPCStatusCode.ALREADY_EXISTS:
            return ()
        if error.status in _REFUSED:
            raise Problem(
                f"search attributes {', '.join(missing)} are missing in namespace {client.namespace} and may not be "
                f"added from here ({error.message}); have an administrator run: "
                f"{creation_commands(missing, client.namespace)}"
            ) from None
        raise
    return tuple(missing)
