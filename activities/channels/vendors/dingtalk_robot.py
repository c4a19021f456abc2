"""The robot of a DingTalk 钉钉 group, with the signature where its settings there ask for one."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar, Final
from urllib.parse import urlencode

from activities.channels.http import HttpResponse, Request, refuse_by_status
from activities.channels.vendors.answers import code_of, judge
from activities.channels.vendors.chat_text import called, mobile_of, plain, with_page
from activities.delivery.transport import AddressKind, Envelope

_LATER: Final = {"130101": timedelta(minutes=10), "410100": timedelta(minutes=10), "-1": None}
"""Who sends more than twenty in a minute is blocked for ten minutes."""
_BYTES = 16_000


@dataclass(frozen=True)
class DingtalkRobot:
    """A `Vendor`."""

    endpoint: str
    access_token: str = field(repr=False)
    sign_secret: str | None = field(default=None, repr=False)
    takes: ClassVar[AddressKind] = AddressKind.DINGTALK

    def words(self, envelope: Envelope) -> str:
        """The heading, and the text with the mention under it."""
        mention = mobile_of(envelope.address) or envelope.address
        said = f"### {plain(envelope.subject)}\n\n@{mention} {called(envelope)}：{plain(envelope.short)}"
        return with_page(said, envelope, _BYTES)

    def request(self, envelope: Envelope, address: str, at: datetime) -> Request:
        """The mention stands in the text and in `at`: either of them alone tells nobody."""
        mobile = mobile_of(address)
        mentioned = {"atMobiles": [mobile] if mobile else [], "atUserIds": [] if mobile else [address]}
        markdown = {"title": plain(envelope.subject), "text": self.words(envelope)}
        message = {"msgtype": "markdown", "markdown": markdown, "at": {**mentioned, "isAtAll": False}}
        query = {"access_token": self.access_token}
        if self.sign_secret:
            stamp = round(at.timestamp() * 1000)
            query |= {"timestamp": str(stamp), "sign": sign(stamp, self.sign_secret)}
        body = json.dumps(message, ensure_ascii=False).encode()
        return Request(body, {"Content-Type": "application/json"}, urlencode(query))

    def judge(self, answer: HttpResponse) -> None:
        """`errcode` is 0."""
        code = code_of(answer, "errcode")
        if code is None:
            refuse_by_status(answer, "DingTalk")
        judge(code, answer.json().get("errmsg"), answer, good="0", later=_LATER)


def sign(milliseconds: int, secret: str) -> str:
    """The signature, not quoted for the address yet."""
    signed = hmac.new(secret.encode(), f"{milliseconds}\n{secret}".encode(), hashlib.sha256)
    return base64.b64encode(signed.digest()).decode()
