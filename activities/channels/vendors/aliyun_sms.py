"""Short messages by Aliyun 阿里云 (SendSms of 2017-05-25), signed by ACS3-HMAC-SHA256."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar, Final
from urllib.parse import quote, urlsplit
from uuid import uuid4

from activities.channels.http import HttpResponse, Request, refuse_by_status
from activities.channels.sms_template import SmsTemplate
from activities.channels.vendors.answers import code_of, judge
from activities.delivery.transport import AddressKind, Envelope

_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
_LATER: Final = {
    "isv.BUSINESS_LIMIT_CONTROL": _MINUTE, "isv.MINUTE_LIMIT_CONTROL": _MINUTE, "isv.HOUR_LIMIT_CONTROL": _HOUR,
    "isv.DAY_LIMIT_CONTROL": _DAY, "isp.SYSTEM_ERROR": None, "isv.SYSTEM_ERROR": None, "SYSTEM_ERROR": None,
    "isp.GATEWAY_ERROR": None, "Throttling": None, "Throttling.User": None, "Throttling.Api": None,
    "ServiceUnavailable": None, "InternalError": None, "isp.RAM_PERMISSION_TIMEOUT": None,
}  # fmt: skip
"""Of `BUSINESS_LIMIT_CONTROL` the words say which limit it is."""
_SPANS: Final = {"天级": _DAY, "小时级": _HOUR, "day": _DAY, "hour": _HOUR}


@dataclass(frozen=True)
class AliyunSms:
    """A `Vendor`. `templates`: message -> what was approved for it."""

    endpoint: str
    access_key_id: str
    access_key_secret: str = field(repr=False)
    sign_name: str
    templates: Mapping[str, SmsTemplate]
    nonce: Callable[[], str] = field(default=lambda: uuid4().hex, repr=False)
    takes: ClassVar[AddressKind] = AddressKind.MOBILE

    def words(self, envelope: Envelope) -> str:
        """The template's text, behind the signature that the vendor puts there."""
        return f"【{self.sign_name}】{self.templates[envelope.message].filled(envelope.facts)}"

    def request(self, envelope: Envelope, address: str, at: datetime) -> Request:
        """Everything is in the query, and the body is empty."""
        template = self.templates[envelope.message]
        query = canonical_query(
            {
                "PhoneNumbers": address.removeprefix("+86").removeprefix("+"),
                "SignName": self.sign_name,
                "TemplateCode": template.id,
                "TemplateParam": json.dumps(template.parameters(envelope.facts), ensure_ascii=False),
                "OutId": hashlib.sha256(envelope.key.encode()).hexdigest()[:32],
            }
        )
        headers = {
            "host": urlsplit(self.endpoint).netloc,
            "x-acs-action": "SendSms",
            "x-acs-version": "2017-05-25",
            "x-acs-date": f"{at:%Y-%m-%dT%H:%M:%SZ}",
            "x-acs-signature-nonce": self.nonce(),
            "x-acs-content-sha256": hashlib.sha256(b"").hexdigest(),
        }
        signed = authorization("POST", query, headers, self.access_key_id, self.access_key_secret)
        return Request(b"", headers | {"Authorization": signed}, query, path="/")

    def judge(self, answer: HttpResponse) -> None:
        """`Code` is OK; errors have one, whatever the status. The words of a wrong signature hold all that was sent."""
        code = code_of(answer, "Code")
        if code is None:
            refuse_by_status(answer, "Aliyun")
        words = answer.json().get("Message")
        later = dict(_LATER)
        if code == "isv.BUSINESS_LIMIT_CONTROL":
            later[code] = next((span for word, span in _SPANS.items() if word in str(words).lower()), _MINUTE)
        hidden = code in {"SignatureDoesNotMatch", "IncompleteSignature"}
        judge(code, None if hidden else words, answer, good="OK", later=later)


def canonical_query(values: Mapping[str, str]) -> str:
    """Sorted, and quoted by RFC 3986."""
    return "&".join(f"{quote(key, safe='~')}={quote(values[key], safe='~')}" for key in sorted(values))


def authorization(method: str, query: str, headers: Mapping[str, str], key_id: str, secret: str) -> str:
    """The header of that name; `headers` are in lower case, and all of them are signed."""
    names = sorted(headers)
    lines = "".join(f"{name}:{headers[name].strip()}\n" for name in names)
    canonical = f"{method}\n/\n{query}\n{lines}\n{';'.join(names)}\n{headers['x-acs-content-sha256']}"
    to_sign = f"ACS3-HMAC-SHA256\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    signature = hmac.new(secret.encode(), to_sign.encode(), hashlib.sha256).hexdigest()
    return f"ACS3-HMAC-SHA256 Credential={key_id},SignedHeaders={';'.join(names)},Signature={signature}"
