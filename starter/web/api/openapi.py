"""The OpenAPI 3.1 document, made of the models of commands, form and answers (R47)."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from typing import Any, Final

from pydantic import BaseModel

from activities.intake.form import Form
from activities.knowledge.editing import EDITABLE
from activities.queries.case_filter import ORDERS
from starter.services.cases.actions import NOT_SAID
from starter.services.identity.acting import OPEN_COMMANDS, OPEN_REVIEW_COMMANDS
from starter.services.knowledge import ARTICLE_STATUSES
from starter.services.results import MESSAGE_STATUSES
from starter.web.api import schemas
from starter.web.api.knowledge import CHANGES, MOST_LISTED
from starter.web.api.parameters import MOST, USUAL
from starter.web.api.problem import MEDIA_TYPE, STATUS, Kind
from starter.web.api.reading import MOST_MESSAGES
from starter.web.api.reports import LINES
from starter.web.event_stream import MEDIA_TYPE as EVENTS
from workflows.domain.vocabulary import CUSTOMER, Locale, Priority, Status

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
        "/cases/{number}": {"get": _of_case(known, number, "One case", schemas.CaseAnswer, [_flag("timeline")])},
        "/cases/{number}/timeline": {"get": _of_case(known, number, "Its history", schemas.TimelineAnswer)},
        "/cases/{number}/actions": {
            "get": _of_case(known, number, "What you may do with it now", schemas.ActionsAnswer)
        },
        "/cases/{number}/outbox": {
            "get": _of_case(known, number, "Its messages", schemas.OutboxAnswer, _of_messages())
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
                (*_OF_BODY, Kind.NOT_FOUND, Kind.REJECTED),
                [number, _parameter("as", "query", {"type": "string", "enum": [CUSTOMER]}), _KEY],
                body=_FILES, media="multipart/form-data",
            ),
            "get": _of_case(known, number, "Its files", schemas.CaseFiles),
        },
        "/cases/{number}/customer-view": {
            "post": _operation(
                known, "What its customer may know", {200: schemas.CustomersView}, (*_OF_BODY, Kind.NOT_FOUND),
                [number], body=_CONTACT,
            )
        },
        "/outbox": {
            "get": _operation(
                known, "Messages of all cases", {200: schemas.OutboxAnswer}, (Kind.INVALID,), _of_messages()
            )
        },
        "/files/{id}": {"get": _download(known)},
        "/stuck": {"get": _operation(known, "What needs a person", {200: schemas.StuckAnswer}, (Kind.INVALID,))},
        "/events": {"get": _events(known)},
        "/kb": {
            "get": _operation(
                known, "Articles that fit some words", {200: schemas.ArticlesAnswer}, (Kind.INVALID,),
                [_parameter("q", "query", {"type": "string"}, required=True), _limit()],
            )
        },
        "/kb/articles": {
            "get": _operation(
                known, "Articles by their state", {200: schemas.WholeArticles}, (Kind.INVALID,),
                [
                    _parameter("status", "query", {"type": "string", "enum": list(ARTICLE_STATUSES)}),
                    _parameter("product", "query", {"type": "string"}), _limit(MOST_LISTED),
                ],
            )
        },
        "/kb/articles/{key}": {
            "get": _operation(
                known, "One article", {200: schemas.WholeArticle}, (Kind.INVALID, Kind.NOT_FOUND), [_name("key")]
            )
        },
        **{
            f"/kb/articles/{{key}}/{change}": {
                "post": _operation(
                    known, f"{change.capitalize()} an article", {200: schemas.WholeArticle},
                    (*_OF_BODY, Kind.NOT_FOUND), [_name("key")], body=_CHANGES[change],
                )
            }
            for change in CHANGES
        },
        "/reviews": {
            "get": _operation(
                known, "Reviews of closed cases", {200: schemas.ReviewsAnswer}, (Kind.INVALID,),
                [
                    _parameter("status", "query", {"type": "string", "description": "One or several, by commas."}),
                    _parameter("department", "query", {"type": "string"}),
                ],
            )
        },
        "/reviews/{number}": {"get": _of_case(known, number, "The review of a case", schemas.ReviewAnswer)},
        "/reviews/{number}/report": {
            "get": _of_case(known, number, "Its report", schemas.ReviewReportAnswer, [_locale()])
        },
        "/reviews/{number}/draft": {
            "get": _of_case(known, number, "Its draft", schemas.ReviewDraftAnswer, [
                _parameter("name", "query", {"type": "string", "description": "What the file will be called."})
            ])
        },
        **{
            f"/reviews/{{number}}/commands/{name}": {
                "post": _operation(
                    known, inspect.getdoc(command) or name,
                    {200: schemas.CommandAnswer, 202: schemas.CommandAnswer},
                    (*_OF_BODY, Kind.NOT_FOUND, Kind.REJECTED), [number, _KEY],
                    body=_schema(known, command, without=NOT_SAID),
                )
            }
            for name, command in OPEN_REVIEW_COMMANDS.items()
        },
        "/context": {
            "get": _operation(known, "What a client needs to show cases", {200: schemas.ContextAnswer}, (Kind.INVALID,))
        },
        "/names": {"get": _operation(known, "What filters may name", {200: schemas.NamesAnswer}, (Kind.INVALID,))},
        "/numbers": {
            "get": _operation(
                known, "The number that ends so, or those of your open cases", {200: schemas.NumbersAnswer},
                (Kind.INVALID,), [_parameter("ending", "query", {"type": "string", "pattern": "^[0-9-]{1,21}$"})],
            )
        },
        "/mine": {"get": _operation(known, "What waits for you", {200: schemas.MineAnswer}, (Kind.INVALID,))},
        "/forms/check": {
            "post": _operation(
                known, "What would be refused of a form", {200: schemas.FormFault}, _OF_BODY, body=_CHECKED
            )
        },
        "/reports": {
            "get": _operation(
                known, "The analysis of a period", {200: schemas.AnalysisAnswer}, (Kind.INVALID,),
                [
                    *(_parameter(name, "query", _DAY) for name in ("from", "to")),
                    _parameter("last", "query", {"type": "string", "enum": ["week", "month"]}),
                    _parameter("by", "query", {"type": "string", "description": "Dimensions, by commas."}),
                    _locale(),
                ],
            )
        },
        "/export": {"get": _export(known)},
    }  # fmt: skip
    paths["/cases"]["post"]["requestBody"]["content"]["multipart/form-data"] = {"schema": _FORM_AND_FILES}
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


_FORM_AND_FILES: Final[dict[str, Any]] = {
    **_FILES,
    "required": ["form", "file"],
    "properties": {**_FILES["properties"], "form": {"type": "string", "description": "The form as JSON."}},
}
_CONTACT: Final[dict[str, Any]] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["contact"],
    "properties": {"contact": {"type": "string", "pattern": r"\S"}, "locale": {"type": "string", "enum": list(Locale)}},
}
_CHECKED: Final[dict[str, Any]] = {
    "type": "object",
    "additionalProperties": False,
    "minProperties": 1,
    "maxProperties": 1,
    "properties": {"form": {"type": "object"}, "section": {"type": "object"}},
}
_DAY: Final[dict[str, Any]] = {"type": "string", "format": "date"}
_CHANGES: Final[dict[str, dict[str, Any]]] = {
    change: {
        "type": "object",
        "additionalProperties": False,
        "properties": {name: {"type": "string"} for name in names},
        **({"required": ["why"]} if change == "retire" else {}),
    }
    for change, names in (("publish", ()), ("retire", ("why",)), ("edit", EDITABLE))
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


def _events(known: dict[str, Any]) -> dict[str, Any]:
    position = {"type": "string", "pattern": "^[0-9]{1,18}$"}
    parameters = [
        {
            "name": "Last-Event-ID", "in": "header", "required": False, "schema": position,
            "description": "The last `id` that came; what followed is told first.",
        },
        _parameter("after", "query", {**position, "description": "The same for clients without that header."}),
        _parameter("number", "query", {"type": "string", "description": "One case only."}),
        _parameter("department", "query", {"type": "string", "description": "Cases that concern it only."}),
    ]  # fmt: skip
    given = _operation(
        known, "Steps of the cases that are yours to see, as they happen", {}, (Kind.INVALID, Kind.NOT_FOUND),
        parameters,
    )  # fmt: skip
    schema = {"type": "string", "x-event-data": _schema(known, schemas.FeedEntry)}
    given["responses"]["200"] = {
        "description": "Server-sent events without an end; `data` of each is a FeedEntry. `end` says why it is over.",
        "content": {EVENTS: {"schema": schema}},
    }
    return given


def _problems(kinds: Iterable[Kind]) -> dict[str, Any]:
    """The problems by status, which several kinds may share."""
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
        **dict.fromkeys(("type", "subtype", "department", "group", "owner", "text", "customer"), text),
        **dict.fromkeys(("open", "escalated", "breached"), yes),
        **dict.fromkeys(("since", "until"), moment),
        "sort": {"type": "string", "enum": list(ORDERS), "default": "received"},
        "cursor": text,
    }
    return [*(_parameter(name, "query", schema) for name, schema in schemas_.items()), _limit()]


def _limit(most: int = MOST) -> dict[str, Any]:
    return _parameter("limit", "query", {"type": "integer", "minimum": 1, "maximum": most, "default": USUAL})


def _flag(name: str) -> dict[str, Any]:
    return _parameter(name, "query", {"type": "boolean"})


def _name(name: str) -> dict[str, Any]:
    return _parameter(name, "path", {"type": "string"})


def _locale() -> dict[str, Any]:
    return _parameter("locale", "query", {"type": "string", "enum": list(Locale)})


def _of_messages() -> list[dict[str, Any]]:
    status = _parameter("status", "query", {"type": "string", "enum": list(MESSAGE_STATUSES)})
    return [status, _flag("full"), _limit(MOST_MESSAGES)]


def _export(known: dict[str, Any]) -> dict[str, Any]:
    moment = {"type": "string", "description": "A day, or an ISO 8601 time."}
    parameters = [*(_parameter(name, "query", moment) for name in ("since", "until")), _flag("count")]
    given = _operation(
        known, "The past as a log, or how many cases that is", {200: schemas.Count}, (Kind.INVALID,), parameters
    )
    given["responses"]["200"]["content"][LINES] = {"schema": {"type": "string"}}
    return given


def _parameter(name: str, place: str, schema: dict[str, Any], *, required: bool = False) -> dict[str, Any]:
    return {"name": name, "in": place, "required": required or place == "path", "schema": schema}
