"""A client that holds every request and answer of a test to the OpenAPI document."""

from __future__ import annotations

import re
from typing import Any

import httpx2
from pydantic import BaseModel, TypeAdapter, ValidationError

from activities.channels.http import trusted
from starter.services.cases.actions import NOT_SAID
from starter.services.identity.acting import OPEN_COMMANDS
from starter.web.api import schemas
from starter.web.api.openapi import document
from tests.timeouts import TIMEOUT

DOCUMENT = document()
_PREFIX = "/api/v1"


def model_of(reference: str) -> type[BaseModel]:
    """The model of answers that a reference of the document leads to."""
    return getattr(schemas, reference.rpartition("/")[2])  # type: ignore[no-any-return]


def operation_of(method: str, path: str) -> dict[str, Any] | None:
    """What the document says of it; a command has a path of its own."""
    for template, methods in DOCUMENT["paths"].items():
        if re.fullmatch(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(template)), path) and method.lower() in methods:
            found: dict[str, Any] = methods[method.lower()]
            return found
    return None


class Api:
    """`token` is sent with every request, where it is one."""

    def __init__(self, address: str, token: str | None, *, language: str = "en") -> None:
        headers = {"Accept-Language": language} | ({"Authorization": f"Bearer {token}"} if token else {})
        self.client = httpx2.AsyncClient(
            base_url=f"{address}{_PREFIX}", headers=headers, timeout=TIMEOUT, verify=trusted()
        )

    async def ask(self, method: str, path: str, **options: Any) -> httpx2.Response:
        answer = await self.client.request(method, path, **options)
        check(method, path.partition("?")[0], answer)
        return answer

    async def get(self, path: str, **options: Any) -> Any:
        answer = await self.ask("GET", path, **options)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def command(self, number: str, name: str, key: str | None = None, **fields: Any) -> httpx2.Response:
        assert is_known_request(name, fields), fields
        headers = {"Idempotency-Key": key} if key else {}
        return await self.ask("POST", f"/cases/{number}/commands/{name}", json=fields, headers=headers)


def is_known_request(name: str, fields: dict[str, Any]) -> bool:
    """Whether the document allows these fields."""
    schema = DOCUMENT["components"]["schemas"][OPEN_COMMANDS[name].__name__]
    return set(schema.get("required", ())) <= set(fields) <= set(schema["properties"]) - set(NOT_SAID)


def check(method: str, path: str, answer: httpx2.Response) -> None:
    """The answer is one that the document has, in every key."""
    operation = operation_of(method, path)
    status = str(answer.status_code)
    if operation is None:
        assert status in {"404", "405"}, (method, path, status)
        content = {"application/problem+json": {"schema": {"$ref": "/ProblemDetails"}}}
    else:
        assert status in operation["responses"], (method, path, status, answer.text)
        content = operation["responses"][status]["content"]
    media = answer.headers["content-type"].partition(";")[0]
    if "application/octet-stream" in content:
        return
    assert media in content, (media, answer.text)
    model = model_of(content[media]["schema"]["$ref"])
    try:
        TypeAdapter(model).validate_python(answer.json())
    except ValidationError as error:
        raise AssertionError(f"{method} {path}: {error}: {answer.text}") from None
