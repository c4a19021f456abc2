"""The OpenAPI 3.1 document, made of the models of commands, form and answers (R47)."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from typing import Any, Final

from pydantic import BaseModel

from activities.intake.form import Form
from starter.services.cases.actions import NOT_SAID
from starter.services.identity.acting import OPEN_COMMANDS
from starter.web.api import schemas
from starter.web.api.problem import MEDIA_TYPE, STATUS, Kind
from starter.web.api.reading import MOST, USUAL
from workflows.domain.vocabulary import Priority, Status

VERSION: Final = "1"
_REF: Final = "#/components/schemas/{model}"
_ALWAYS: Final = (Kind.MALFORMED, Kind.UNKNOWN_BEARER, Kind.NO_RIGHT, Kind.TOO_MANY, Kind.FAULT, Kind.OUTAGE)
_OF_BODY: Final = (Kind.TOO_LARGE, Kind.MEDIA, Kind.INVALID)
_KEY: Final = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "pattern": "^[!-~]{1,100}$"},
    "description": "The same key again is the same request; with another request it is refused.",
}


def document() -> dict[str, Any]:
    """The whole of it."""
    known: dict[str, Any] = {}
    number = _parameter("number", "path", {"type": "string"})
    paths: dict[str, Any] = {
        "/me": {"get": _operation(known, "Whose token this is", {200: schemas.Me}, (Kind.INVALID,))},
        "/cases": {
            "get": _operation(
                known, "Cases that are yours to see", {200: schemas.CasesAnswer}, (Kind.INVALID,), _filters()
            ),
            "post": _operation(
                known, "Hand in an issue", {201: schemas.Accepted, 200: schemas.Accepted},
                (*_OF_BODY, Kind.CONFLICT), [_KEY], body=_schema(known, Form, without=("received_by",)),
            ),
        },
        "/cases/{number}": {"get": _of_case(known, number, "One case", schemas.CaseAnswer)},
        "/cases/{number}/timeline": {"get": _of_case(known, number, "Its history", schemas.TimelineAnswer)},
        "/cases/{number}/outbox": {"get": _of_case(known, number, "Its messages", schemas.OutboxAnswer, [_limit()])},
        "/cases/{number}/actions": {
            "get": _of_case(known, number, "What you may do with it now", schemas.ActionsAnswer)
        },
        **{
            f"/cases/{{number}}/commands/{name}": {
                "post": _operation(
                    known, inspect.getdoc(command) or name,
                    {200: schemas.CommandAnswer, 202: schemas.CommandAnswer},
                    (*_OF_BODY, Kind.NOT_FOUND, Kind.REJECTED), [number, _KEY],
                    body=_schema(known, command, without=NOT_SAID),
                )
            }
            for name, command in OPEN_COMMANDS.items()
        },
        "/cases/{number}/files": {
            "post": _operation(
                known, "Give a case files", {200: schemas.FilesAnswer, 202: schemas.FilesAnswer},
                (*_OF_BODY, Kind.NOT_FOUND, Kind.REJECTED), [number, _KEY], body=_FILES, media="multipart/form-data",
            )
        },
        "/files/{id}": {"get": _download(known)},
        "/stuck": {"get": _operation(known, "What needs a person", {200: schemas.StuckAnswer}, (Kind.INVALID,))},
        "/kb": {
            "get": _operation(
                known, "Articles that fit some words", {200: schemas.ArticlesAnswer}, (Kind.INVALID,),
                [_parameter("q", "query", {"type": "string"}, required=True), _limit()],
            )
        },
    }  # fmt: skip
    _schema(known, schemas.ProblemDetails)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "bihuan",
            "version": VERSION,
            "description": "Customer issues as cases. Every answer that is no 2xx is an RFC 9457 problem.",
        },
        "servers": [{"url": "/api/v1"}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": known,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


_FILES: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["file"],
    "properties": {"file": {"type": "array", "items": {"type": "string", "format": "binary"}}},
}


def _schema(known: dict[str, Any], model: type[BaseModel], *, without: Iterable[str] = ()) -> dict[str, Any]:
    """A reference to the model's schema, which goes into the components with what it is made of."""
    if model.__name__ not in known:
        mode: Any = "serialization" if model.__module__ == schemas.__name__ else "validation"
        made = model.model_json_schema(ref_template=_REF, mode=mode)
        known.update(made.pop("$defs", {}))
        for name in without:
            made["properties"].pop(name, None)
        if "required" in made:
            made["required"] = [name for name in made["required"] if name in made["properties"]]
        known[model.__name__] = made
    return {"$ref": _REF.format(model=model.__name__)}


def _operation(  # noqa: PLR0917 - what an operation is
    known: dict[str, Any],
    summary: str,
    answers: Mapping[int, type[BaseModel]],
    problems: Iterable[Kind],
    parameters: Iterable[dict[str, Any]] = (),
    body: dict[str, Any] | None = None,
    media: str = "application/json",
) -> dict[str, Any]:
    responses = {
        str(status): {
            "description": (inspect.getdoc(model) or "").partition("\n")[0],
            "content": {"application/json": {"schema": _schema(known, model)}},
        }
        for status, model in answers.items()
    }
    given = {
        "summary": summary.partition("\n")[0],
        "description": summary,
        "parameters": list(parameters),
        "responses": responses | _problems(problems),
    }
    if body is not None:
        given["requestBody"] = {"required": True, "content": {media: {"schema": body}}}
    return given


def _of_case(
    known: dict[str, Any],
    number: dict[str, Any],
    summary: str,
    answer: type[BaseModel],
    parameters: Iterable[dict[str, Any]] = (),
) -> dict[str, Any]:
    return _operation(known, summary, {200: answer}, (Kind.INVALID, Kind.NOT_FOUND), [number, *parameters])


def _download(known: dict[str, Any]) -> dict[str, Any]:
    given = _operation(
        known, "A file as it came", {}, (Kind.INVALID, Kind.NOT_FOUND), [_parameter("id", "path", {"type": "string"})]
    )
    content = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
    given["responses"]["200"] = {"description": "Its bytes, as an attachment.", "content": content}
    return given


def _problems(kinds: Iterable[Kind]) -> dict[str, Any]:
    """By status, which several kinds may share."""
    content = {MEDIA_TYPE: {"schema": {"$ref": _REF.format(model=schemas.ProblemDetails.__name__)}}}
    found: dict[str, list[str]] = {}
    for kind in (*_ALWAYS, *kinds):
        found.setdefault(str(STATUS[kind]), []).append(kind.value)
    return {
        status: {"description": ", ".join(dict.fromkeys(names)), "content": content} for status, names in found.items()
    }


def _filters() -> list[dict[str, Any]]:
    text, yes = {"type": "string"}, {"type": "boolean"}
    moment = {**text, "description": "A day, or an ISO 8601 time."}
    schemas_: dict[str, dict[str, Any]] = {
        "status": {"type": "string", "enum": list(Status)},
        "priority": {"type": "string", "enum": list(Priority)},
        **dict.fromkeys(("type", "subtype", "department", "group", "owner", "text"), text),
        **dict.fromkeys(("open", "escalated", "breached"), yes),
        **dict.fromkeys(("since", "until"), moment),
        "cursor": text,
    }
    return [*(_parameter(name, "query", schema) for name, schema in schemas_.items()), _limit()]


def _limit() -> dict[str, Any]:
    return _parameter("limit", "query", {"type": "integer", "minimum": 1, "maximum": MOST, "default": USUAL})


def _parameter(name: str, place: str, schema: dict[str, Any], *, required: bool = False) -> dict[str, Any]:
    return {"name": name, "in": place, "required": required or place == "path", "schema": schema}
