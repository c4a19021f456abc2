"""An app of a company at Feishu 飞书, which writes to its people one by one."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import ClassVar, Final
from urllib.parse import urlencode

from activities.channels.http import HttpResponse, Request, refuse_by_status
from activities.channels.token import AccessToken
from activities.channels.vendors.answers import code_of, judge, token_of
from activities.channels.vendors.app_text import app_text, own_id
from activities.delivery.transport import AddressKind, Envelope

_LATER: Final = {"99991400": None, "11232": timedelta(minutes=1), "230020": timedelta(seconds=1), "2200": None}
_LOGIN: Final = frozenset({"99991661", "99991663", "99991664", "99991668", "99991671"})
_BYTES = 16_000


@dataclass(frozen=True)
class FeishuApp:
    """A `Vendor` that wants tokens. `id_type`: what kind of id the organisation file has."""

    endpoint: str
    app_id: str
    app_secret: str = field(repr=False)
    id_type: str
    takes: ClassVar[AddressKind] = AddressKind.FEISHU

    @property
    def token_endpoint(self) -> str:
        """The same host."""
        return self.endpoint

    def token_request(self) -> Request:
        """The request for a token, which holds for two hours and is the same one until half an hour before its end."""
        body = json.dumps({"app_id": self.app_id, "app_secret": self.app_secret}).encode()
        path = "/open-apis/auth/v3/tenant_access_token/internal"
        return Request(body, {"Content-Type": "application/json"}, path=path)

    def read_token(self, answer: HttpResponse) -> AccessToken:
        """`code` is 0."""
        self.judge(answer)
        return token_of(answer, "tenant_access_token", "expire")

    def with_token(self, request: Request, token: str) -> Request:
        """The request with the token in a header."""
        return replace(request, headers={**request.headers, "Authorization": f"Bearer {token}"})

    def words(self, envelope: Envelope) -> str:
        """The text alone: the app's name stands above it."""
        return app_text(envelope, _BYTES)

    def request(self, envelope: Envelope, address: str, at: datetime) -> Request:  # noqa: ARG002
        """A text to one person; `uuid` is the same at each attempt, and makes them one for an hour."""
        message = {
            "receive_id": own_id(address, "Feishu"),
            "msg_type": "text",
            "content": json.dumps({"text": self.words(envelope)}, ensure_ascii=False),
            "uuid": hashlib.sha256(envelope.key.encode()).hexdigest()[:32],
        }
        body = json.dumps(message, ensure_ascii=False).encode()
        query = urlencode({"receive_id_type": self.id_type})
        return Request(body, {"Content-Type": "application/json"}, query=query, path="/open-apis/im/v1/messages")

    def judge(self, answer: HttpResponse) -> None:
        """`code` is 0. 9499 is a wrong body, or too many: the words say which."""
        code, words = code_of(answer, "code"), answer.json().get("msg")
        if code is None:
            refuse_by_status(answer, "Feishu")
        later: dict[str, timedelta | None] = dict(_LATER)
        if code == "9499" and "too many" in str(words).lower():
            later["9499"] = timedelta(minutes=1)
        judge(code, words, answer, good="0", later=later, login=_LOGIN)
