"""The three chat platforms on this machine: they give out tokens, take an app's messages, and answer as documented."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from tests.activities.channels.made import SECRET
from tests.activities.channels.vendors.vendor_server import Received, VendorServer, ok

WECOM_APP = {"kind": "wecom_app", "corp_id": "ww1", "corp_secret": SECRET, "agent_id": 1000002}
DINGTALK_NOTICE = {"kind": "dingtalk_notice", "app_key": "ding1", "app_secret": SECRET, "agent_id": 77}
FEISHU_APP = {"kind": "feishu_app", "app_id": "cli_1", "app_secret": SECRET}
APPS: dict[str, dict[str, Any]] = {"wecom": WECOM_APP, "dingtalk": DINGTALK_NOTICE, "feishu": FEISHU_APP}
_SENDS = {
    "wecom": "/cgi-bin/message/send",
    "dingtalk": "/topapi/message/corpconversation/asyncsend_v2",
    "feishu": "/open-apis/im/v1/messages",
}
_GOOD: dict[str, dict[str, Any]] = {
    "wecom": {"errcode": 0, "errmsg": "ok", "msgid": "m1"},
    "dingtalk": {"errcode": 0, "task_id": 1},
    "feishu": {"code": 0, "msg": "success", "data": {"message_id": "om_1"}},
}
_STALE: dict[str, dict[str, Any]] = {
    "wecom": {"errcode": 42001, "errmsg": "access_token expired"},
    "dingtalk": {"errcode": 88, "sub_code": "40014", "sub_msg": "不合法的access_token"},
    "feishu": {"code": 99991663, "msg": "Invalid access token for authorization"},
}
_WRONG: dict[str, dict[str, Any]] = {
    "wecom": {"errcode": 40001, "errmsg": "invalid credential"},
    "dingtalk": {"code": "invalidClientIdOrSecret", "message": "无效的clientId或者clientSecret"},
    "feishu": {"code": 10014, "msg": "app secret invalid"},
}


@dataclass
class Platform:
    """`tokens` are those given out, of which the last holds unless `stale`; `sent` the bodies of messages that were
    taken. `says` is answered to the next messages in place of what is good.
    """

    kind: str
    tokens: list[str] = field(default_factory=list)
    sent: list[dict[str, Any]] = field(default_factory=list)
    says: list[bytes] = field(default_factory=list)
    stale: bool = False
    secret: str = SECRET

    def __call__(self, asked: Received) -> bytes:
        if asked.method == "HEAD":
            return ok(b"")
        path = asked.target.partition("?")[0]
        if path != _SENDS[self.kind]:
            return self._token(asked, path)
        given = asked.query.get("access_token") or asked.headers.get("authorization", "").removeprefix("Bearer ")
        if self.stale or not self.tokens or given != self.tokens[-1]:
            return as_json(_STALE[self.kind])
        if self.says:
            return self.says.pop(0)
        self.sent.append(json.loads(asked.body) | asked.query)
        return as_json(_GOOD[self.kind])

    def _token(self, asked: Received, path: str) -> bytes:
        if self.kind == "wecom":
            right = (path, asked.query) == ("/cgi-bin/gettoken", {"corpid": "ww1", "corpsecret": self.secret})
            names = {"access_token": self._new, "expires_in": 7200, "errcode": 0}
        elif self.kind == "dingtalk":
            body = {"appKey": "ding1", "appSecret": self.secret}
            right = (path, json.loads(asked.body)) == ("/v1.0/oauth2/accessToken", body)
            names = {"accessToken": self._new, "expireIn": 7200}
        else:
            body = {"app_id": "cli_1", "app_secret": self.secret}
            right = path == "/open-apis/auth/v3/tenant_access_token/internal" and json.loads(asked.body) == body
            names = {"tenant_access_token": self._new, "expire": 7200, "code": 0}
        if not right:
            return as_json(_WRONG[self.kind])
        self.tokens.append(self._new)
        self.stale = False
        return as_json(names)

    @property
    def _new(self) -> str:
        return f"token-{len(self.tokens) + 1}"


def settings(kind: str, server: VendorServer) -> dict[str, Any]:
    """Of an app whose platform that server is."""
    more = {"token_endpoint": server.url} if kind == "dingtalk" else {}
    return {**APPS[kind], "endpoint": server.url, **more}


def as_json(answer: dict[str, Any]) -> bytes:
    return ok(json.dumps(answer).encode())
