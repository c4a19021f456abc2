"""Work notices 工作通知 of an app at DingTalk 钉钉, to people one by one."""

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
from activities.delivery.transport import AddressKind, Envelope

_LATER: Final = {
    "-1": None, "90002": timedelta(minutes=1), "90018": timedelta(minutes=1), "90005": timedelta(minutes=1),
    "Throttling": None, "ServiceUnavailable": None,
}  # fmt: skip
_LOGIN: Final = frozenset({"40014", "42001", "40001", "33001"})
_WRAPPED: Final = "88"
"""Says nothing but that the real code stands in `sub_code`."""
_BYTES = 2048


@dataclass(frozen=True)
class DingtalkNotice:
    """A `Vendor` that wants tokens."""

    endpoint: str
    token_endpoint: str
    app_key: str
    app_secret: str = field(repr=False)
    agent_id: int
    takes: ClassVar[AddressKind] = AddressKind.DINGTALK_ID

    def token_request(self) -> Request:
        """The request for a token, which holds for two hours."""
        body = json.dumps({"appKey": self.app_key, "appSecret": self.app_secret}).encode()
        return Request(body, {"Content-Type": "application/json"}, path="/v1.0/oauth2/accessToken")

    def read_token(self, answer: HttpResponse) -> AccessToken:
        """An error has a `code` in words, and a status of its own."""
        if (code := code_of(answer, "code")) is not None:
            judge(code, answer.json().get("message"), answer, good="", later=_LATER)
        refuse_by_status(answer, "DingTalk")
        return token_of(answer, "accessToken", "expireIn")

    def with_token(self, request: Request, token: str) -> Request:
        """The request with the token in the query."""
        return replace(request, query=urlencode({"access_token": token}))

    def words(self, envelope: Envelope) -> str:
        """The text alone: the app's name stands above it."""
        return app_text(envelope, _BYTES - 200)

    def request(self, envelope: Envelope, address: str, at: datetime) -> Request:  # noqa: ARG002
        """A text to one person."""
        message = {
            "agent_id": self.agent_id,
            "userid_list": own_id(address, "DingTalk"),
            "to_all_user": False,
            "msg": {"msgtype": "text", "text": {"content": self.words(envelope)}},
        }
        body = json.dumps(message, ensure_ascii=False).encode()
        path = "/topapi/message/corpconversation/asyncsend_v2"
        return Request(body, {"Content-Type": "application/json"}, path=path)

    def judge(self, answer: HttpResponse) -> None:
        """`errcode` is 0: the notice is in DingTalk's hands, which sends it by and by."""
        code, words = code_of(answer, "errcode"), answer.json().get("errmsg")
        if code == _WRAPPED and (inner := code_of(answer, "sub_code")) is not None:
            code, words = inner, answer.json().get("sub_msg")
        if code is None:
            refuse_by_status(answer, "DingTalk")
        judge(code, words, answer, good="0", later=_LATER, login=_LOGIN)
