"""The robot of a WeCom 企业微信 group."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final
from urllib.parse import urlencode

from activities.channels.http import HttpResponse, Request, refuse_by_status
from activities.channels.vendors.answers import code_of, judge
from activities.channels.vendors.chat_text import called, mobile_of, plain, with_page
from activities.delivery.transport import AddressKind, Envelope

_LATER: Final = {"45009": timedelta(minutes=1), "45033": timedelta(minutes=1), "-1": None}
_BYTES = 2048


@dataclass(frozen=True)
class WecomRobot:
    """A `Vendor`; the key in the address is all it asks for."""

    endpoint: str
    key: str = field(repr=False)
    takes: ClassVar[AddressKind] = AddressKind.WECOM

    def words(self, envelope: Envelope) -> str:
        """The person is named in the text as well."""
        return with_page(f"@{called(envelope)} {plain(envelope.short)}", envelope, _BYTES)

    def request(self, envelope: Envelope, address: str, at: datetime) -> Request:  # noqa: ARG002
        """A text: only that can mention somebody by mobile."""
        mobile = mobile_of(address)
        text: dict[str, Any] = {"content": self.words(envelope)}
        text |= {"mentioned_mobile_list": [mobile]} if mobile else {"mentioned_list": [address]}
        body = json.dumps({"msgtype": "text", "text": text}, ensure_ascii=False).encode()
        return Request(body, {"Content-Type": "application/json"}, urlencode({"key": self.key}))

    def judge(self, answer: HttpResponse) -> None:
        """`errcode` is 0."""
        code = code_of(answer, "errcode")
        if code is None:
            refuse_by_status(answer, "WeCom")
        judge(code, answer.json().get("errmsg"), answer, good="0", later=_LATER)
