"""An app of a company at WeCom 企业微信, which writes to its people one by one."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import ClassVar, Final
from urllib.parse import urlencode

from activities.channels.http import HttpResponse, Request, refuse_by_status
from activities.channels.token import AccessToken
from activities.channels.vendors.answers import code_of, judge, token_of
from activities.channels.vendors.app_text import app_text, own_id
from activities.delivery.transport import AddressKind, Envelope, PermanentDeliveryError

_LATER: Final = {
    "45009": timedelta(minutes=1), "45033": timedelta(minutes=1), "45011": timedelta(minutes=1), "-1": None,
}  # fmt: skip
_LOGIN: Final = frozenset({"40014", "42001", "41001"})
_BYTES = 2048
_KNOWN_FOR: Final = 14_400
"""Seconds in which the same text to the same person is known as a repeat, the most there is."""


@dataclass(frozen=True)
class WecomApp:
    """A `Vendor` that wants tokens."""

    endpoint: str
    corp_id: str
    secret: str = field(repr=False)
    agent_id: int
    takes: ClassVar[AddressKind] = AddressKind.WECOM_ID

    @property
    def token_endpoint(self) -> str:
        """The same host."""
        return self.endpoint

    def token_request(self) -> Request:
        """The request for a token, which holds for two hours."""
        query = urlencode({"corpid": self.corp_id, "corpsecret": self.secret})
        return Request(b"", query=query, path="/cgi-bin/gettoken", method="GET")

    def read_token(self, answer: HttpResponse) -> AccessToken:
        """`errcode` is 0."""
        self._judge(answer)
        return token_of(answer, "access_token", "expires_in")

    def with_token(self, request: Request, token: str) -> Request:
        """The request with the token in the query."""
        return replace(request, query=urlencode({"access_token": token}))

    def words(self, envelope: Envelope) -> str:
        """The text alone: the app's name stands above it."""
        return app_text(envelope, _BYTES)

    def request(self, envelope: Envelope, address: str, at: datetime) -> Request:  # noqa: ARG002
        """A text to one person, known when it comes again."""
        message = {
            "touser": own_id(address, "WeCom"),
            "msgtype": "text",
            "agentid": self.agent_id,
            "text": {"content": self.words(envelope)},
            "enable_duplicate_check": 1,
            "duplicate_check_interval": _KNOWN_FOR,
        }
        body = json.dumps(message, ensure_ascii=False).encode()
        return Request(body, {"Content-Type": "application/json"}, path="/cgi-bin/message/send")

    def judge(self, answer: HttpResponse) -> None:
        """`errcode` is 0, and nobody is among the invalid: one person alone was written to."""
        self._judge(answer)
        if any(answer.json().get(name) for name in ("invaliduser", "unlicenseduser")):
            raise PermanentDeliveryError("the app may not write to that person, or WeCom does not know the id")

    def _judge(self, answer: HttpResponse) -> None:
        code = code_of(answer, "errcode")
        if code is None:
            refuse_by_status(answer, "WeCom")
        judge(code, answer.json().get("errmsg"), answer, good="0", later=_LATER, login=_LOGIN)
