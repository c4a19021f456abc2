"""The robot of a Feishu 飞书 group, with the signature where its settings there ask for one."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final
from urllib.parse import quote

from activities.channels.http import HttpResponse, Request, refuse_by_status
from activities.channels.vendors.answers import code_of, judge
from activities.channels.vendors.chat_text import called, plain, with_page
from activities.delivery.transport import AddressKind, Envelope

_LATER: Final = {"11232": timedelta(minutes=1), "99991400": timedelta(minutes=1)}
_BYTES = 16_000


@dataclass(frozen=True)
class FeishuRobot:
    """A `Vendor`; its token is part of the address's path."""

    endpoint: str
    token: str = field(repr=False)
    sign_secret: str | None = field(default=None, repr=False)
    takes: ClassVar[AddressKind] = AddressKind.FEISHU

    def words(self, envelope: Envelope) -> str:
        """A mention is a tag in the text, and the text has no other."""
        who = f'<at user_id="{envelope.address}">{called(envelope)}</at>'
        return f"{who} {with_page(plain(envelope.short), envelope, _BYTES)}"

    def request(self, envelope: Envelope, address: str, at: datetime) -> Request:  # noqa: ARG002
        """Timestamp and signature are in the body."""
        message: dict[str, Any] = {"msg_type": "text", "content": {"text": self.words(envelope)}}
        if self.sign_secret:
            stamp = int(at.timestamp())
            message |= {"timestamp": str(stamp), "sign": sign(stamp, self.sign_secret)}
        body = json.dumps(message, ensure_ascii=False).encode()
        return Request(body, {"Content-Type": "application/json"}, path=f"/{quote(self.token, safe='')}")

    def judge(self, answer: HttpResponse) -> None:
        """`code` is 0, `StatusCode` in older answers. 9499 is a wrong body, or too many: the words say which."""
        code = code_of(answer, "code", "StatusCode")
        words = answer.json().get("msg") or answer.json().get("StatusMessage")
        if code is None:
            refuse_by_status(answer, "Feishu")
        later: dict[str, timedelta | None] = dict(_LATER)
        if code == "9499" and "too many" in str(words).lower():
            later["9499"] = timedelta(minutes=1)
        judge(code, words, answer, good="0", later=later)


def sign(seconds: int, secret: str) -> str:
    """Key and message are the other way round than at DingTalk: the message is empty."""
    signed = hmac.new(f"{seconds}\n{secret}".encode(), b"", hashlib.sha256)
    return base64.b64encode(signed.digest()).decode()
