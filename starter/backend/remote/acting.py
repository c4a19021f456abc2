"""Commands to cases and reviews, files and intake, by the API. Every request has an idempotency key."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from starter.backend.http import AwayError, RefusedError
from starter.backend.remote.reading import RemoteReading
from starter.backend.remote.upload import Multipart
from starter.services.results import Accepted, CommandResult
from workflows.domain.problem import Problem
from workflows.domain.vocabulary import CUSTOMER, Heard

if TYPE_CHECKING:
    from pathlib import Path

    from activities.queries.case_filter import Filter
    from starter.backend.http import ApiClient, ApiReply
    from workflows.domain.vocabulary import Locale

_AT_ONCE: Final = 6
"""Requests at the same time, each on a connection of its own."""


class RemoteActing(RemoteReading):
    """See `Acting`."""

    async def send(
        self, command: str, number: str, fields: dict[str, Any], *, by: str, command_id: str | None, review: bool
    ) -> CommandResult:
        """Send the command as the person of the token; with `by` the customer, as whoever took down what they said."""
        self.check_sender(by, fields.get("relayed_by"))
        return self._send(command, number, fields, by, command_id or _new_key(command), review=review)

    def _send(
        self, command: str, number: str, fields: Mapping[str, Any], by: str, key: str, *, review: bool = False
    ) -> CommandResult:
        said = {"heard": Heard.TELEPHONE.value, **fields} if by.strip() == CUSTOMER else dict(fields)
        path = f"/{'reviews' if review else 'cases'}/{number}/commands/{command}"
        try:
            return _result(self._api.post(path, said, key=key).value)
        except RefusedError as refused:
            if refused.kind == "rejected":
                return _result({"reason": str(refused), **refused.facts})
            raise self._explained(refused, number) from None
        except AwayError as away:
            if not away.is_sent:
                raise
            raise Problem(f"{away}; whether it arrived is not known: the same again with --command-id {key}") from None

    async def send_to_many(
        self, command: str, numbers: Sequence[str], fields: dict[str, Any], *, by: str, command_id: str, again: bool
    ) -> AsyncIterator[CommandResult]:
        """Send the command to a few cases at a time, each under a key of its own that follows from `command_id`."""
        del again
        self.check_sender(by)

        def one(number: str) -> CommandResult:
            try:
                return self._send(command, number, fields, by, f"{command_id}:{number}")
            except RefusedError as refused:
                return CommandResult(number, command, command_id, "rejected", str(refused))

        waiting = list(numbers)
        running: set[asyncio.Task[CommandResult]] = set()
        while waiting or running:
            while waiting and len(running) < _AT_ONCE:
                running.add(asyncio.create_task(asyncio.to_thread(one, waiting.pop(0))))
            done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                yield task.result()

    async def open_numbers(self, wanted: Filter, query: str | None) -> list[str]:
        """Numbers of the cases that are ours to see."""
        if query is not None:
            raise Problem("--query asks Temporal, which only its server reaches; allowed: the other options")
        found = await self.cases(replace(wanted, limit=None))
        return sorted(case["number"] for case in found if case["status"] is not None)

    async def attach(self, number: str, paths: Sequence[Path], *, by: str, command_id: str | None) -> CommandResult:
        """Give the case all of the files or none."""
        self.check_sender(by)
        path = f"/cases/{number}/files" + (f"?as={CUSTOMER}" if by.strip() == CUSTOMER else "")
        try:
            return _result(_upload(self._api, path, {}, paths, command_id or _new_key("attach")).value)
        except RefusedError as refused:
            if refused.kind == "rejected":
                return _result({"reason": str(refused), **refused.facts})
            raise self._explained(refused, number) from None

    async def note_acted_for(self, by: str, command: str, number: str, **detail: Any) -> None:
        """Nothing: the server keeps the audit log."""

    @asynccontextmanager
    async def intake(self) -> AsyncIterator[RemoteIntake]:
        """An intake at the server, which starts the cases."""
        async with AsyncExitStack():
            yield RemoteIntake(self._api)

    async def form_check(self) -> RemoteFormCheck:
        """The validation of forms by the server."""
        return RemoteFormCheck(self._api)


class RemoteIntake:
    """Registers submissions at the server."""

    def __init__(self, api: ApiClient) -> None:
        self._api = api
        self.outage: str | None = None

    async def accept(self, raw: str | dict[str, Any]) -> Accepted:
        """A form that says no `intake_key` is sent once: the server knows the same again within a minute."""
        return self._taken(self._asked(lambda form: self._api.post("/cases", form), raw))

    async def accept_with_files(self, raw: str | dict[str, Any], paths: Sequence[Path]) -> Accepted:
        """Register a form with its files in one request."""
        return self._taken(
            self._asked(
                lambda form: _upload(self._api, "/cases", {"form": json.dumps(form, ensure_ascii=False)}, paths, None),
                raw,
            )
        )

    def is_outage(self, error: BaseException) -> bool:
        """Whether nobody answers."""
        return isinstance(error, AwayError)

    def _asked(self, ask: Any, raw: str | dict[str, Any]) -> ApiReply:
        if isinstance(raw, str):
            from activities.document_text import parse_json_object

            try:
                raw = parse_json_object(raw)
            except Problem as problem:
                raise Problem(f"form: {problem}") from None
        reply: ApiReply = ask(raw)
        return reply

    def _taken(self, reply: ApiReply) -> Accepted:
        return Accepted(reply.value["number"], reply.value["created"], started=True)


class RemoteFormCheck:
    """Asks the server."""

    def __init__(self, api: ApiClient) -> None:
        self._api = api

    def form_fault(self, form: dict[str, Any]) -> str | None:
        """See `FormCheck`."""
        return self._fault({"form": form})

    def section_fault(self, part: dict[str, Any]) -> str | None:
        """See `FormCheck`."""
        return self._fault({"section": part})

    def type_names(self, locale: Locale) -> Sequence[tuple[str, str]]:
        """See `FormCheck`."""
        types = self._api.get("/names")["types"]
        return [(one["id"], one["names"].get(locale) or one["id"]) for one in types]

    def _fault(self, what: Mapping[str, Any]) -> str | None:
        found: str | None = self._api.post("/forms/check", what).value["fault"]
        return found


def _result(answer: Mapping[str, Any]) -> CommandResult:
    keys = ("number", "command", "command_id", "outcome", "reason")
    return CommandResult(**{key: answer.get(key) for key in keys})  # type: ignore[arg-type]


def _new_key(command: str) -> str:
    return f"{command}-{uuid.uuid4().hex[:16]}"


def _upload(api: ApiClient, path: str, texts: Mapping[str, str], paths: Sequence[Path], key: str | None) -> ApiReply:
    parts = Multipart(texts, paths)
    headers = {"Content-Type": parts.content_type, **({"Idempotency-Key": key} if key else {})}

    def body() -> Iterator[bytes]:
        return parts.chunks()

    return api.ask("POST", path, body, headers, length=parts.length)
