"""Short messages by Tencent 腾讯云 (SendSms of 2021-01-11), signed by TC3-HMAC-SHA256."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final
from urllib.parse import urlsplit

from activities.channels.http import HttpResponse, Request, refuse_by_status
from activities.channels.sms_template import SmsTemplate
from activities.channels.vendors.answers import judge
from activities.delivery.transport import AddressKind, Envelope

CONTENT_TYPE = "application/json; charset=utf-8"
_LATER: Final = {
    "LimitExceeded.PhoneNumberThirtySecondLimit": timedelta(seconds=30),
    "LimitExceeded.PhoneNumberOneHourLimit": timedelta(hours=1),
    "LimitExceeded.PhoneNumberDailyLimit": timedelta(days=1),
    "LimitExceeded.PhoneNumberSameContentDailyLimit": timedelta(days=1),
    "LimitExceeded.DeliveryFrequencyLimit": None, "LimitExceeded.AppDailyLimit": timedelta(days=1),
    "LimitExceeded.DailyLimit": timedelta(days=1), "RequestLimitExceeded": None,
    "InternalError": None, "InternalError.Timeout": None, "InternalError.OtherError": None,
    "InternalError.SendAndRecvFail": None, "ResourceUnavailable": None,
}  # fmt: skip


@dataclass(frozen=True)
class TencentSms:
    """A `Vendor`. `templates`: message -> what was approved for it."""

    endpoint: str
    secret_id: str
    secret_key: str = field(repr=False)
    app_id: str
    sign_name: str
    region: str
    templates: Mapping[str, SmsTemplate]
    takes: ClassVar[AddressKind] = AddressKind.MOBILE

    def words(self, envelope: Envelope) -> str:
        """The template's text, behind the signature that the vendor puts there."""
        return f"【{self.sign_name}】{self.templates[envelope.message].filled(envelope.facts)}"

    def request(self, envelope: Envelope, address: str, at: datetime) -> Request:
        """The request for one number, with the variables in the order of their numbers."""
        template = self.templates[envelope.message]
        body = json.dumps(
            {
                "PhoneNumberSet": [address],
                "SmsSdkAppId": self.app_id,
                "SignName": self.sign_name,
                "TemplateId": template.id,
                "TemplateParamSet": list(template.parameters(envelope.facts).values()),
                "SessionContext": hashlib.sha256(envelope.key.encode()).hexdigest()[:32],
            },
            ensure_ascii=False,
        ).encode()
        host, stamp = urlsplit(self.endpoint).netloc, int(at.timestamp())
        signed = authorization(
            body, host=host, service="sms", at=at, secret_id=self.secret_id, secret_key=self.secret_key
        )
        headers = {
            "Authorization": signed,
            "Content-Type": CONTENT_TYPE,
            "Host": host,
            "X-TC-Action": "SendSms",
            "X-TC-Version": "2021-01-11",
            "X-TC-Region": self.region,
            "X-TC-Timestamp": str(stamp),
        }
        return Request(body, headers, path="/")

    def judge(self, answer: HttpResponse) -> None:
        """`Response.Error` for the whole, else the code of the one number; `Ok` alone is good."""
        found = answer.json().get("Response")
        response: Mapping[str, Any] = found if isinstance(found, dict) else {}
        error, sent = response.get("Error"), response.get("SendStatusSet")
        one: Any = error if isinstance(error, dict) else sent[0] if isinstance(sent, list) and sent else None
        if not isinstance(one, dict) or not isinstance(code := one.get("Code"), str):
            refuse_by_status(answer, "Tencent")
            judge(None, None, answer, good="Ok", later=_LATER)
            return
        known = code if code in _LATER else next((name for name in _LATER if code.startswith(f"{name}.")), code)
        judge(known, one.get("Message"), answer, good="Ok", later=_LATER)


def authorization(body: bytes, *, host: str, service: str, at: datetime, secret_id: str, secret_key: str) -> str:
    """The header of that name for a POST of JSON; `at` is UTC."""
    stamp, day = int(at.timestamp()), f"{at:%Y-%m-%d}"
    signed = "content-type;host"
    headers = f"content-type:{CONTENT_TYPE}\nhost:{host}\n"
    canonical = f"POST\n/\n\n{headers}\n{signed}\n{hashlib.sha256(body).hexdigest()}"
    scope = f"{day}/{service}/tc3_request"
    to_sign = f"TC3-HMAC-SHA256\n{stamp}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = f"TC3{secret_key}".encode()
    for part in (day, service, "tc3_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    signature = hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()
    return f"TC3-HMAC-SHA256 Credential={secret_id}/{scope}, SignedHeaders={signed}, Signature={signature}"
