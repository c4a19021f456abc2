"""What vendors are asked, checked as their documentation says, and what their answers mean."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest

from activities.channels.vendors import aliyun_sms, dingtalk_robot, feishu_robot, tencent_sms
from activities.delivery.transport import (
    PermanentDeliveryError,
    TemporaryDeliveryError,
    UnknownOutcomeError,
    UnreachableError,
)
from tests.activities.channels.made import (
    ALIYUN,
    ALL,
    DINGTALK,
    FEISHU,
    GATEWAY,
    SECRET,
    TENCENT,
    WECOM,
    channel,
    envelope,
    send,
)
from tests.activities.channels.vendors.vendor_server import Answering, Received, ok, vendor_server

GOOD = {
    "aliyun": {"Code": "OK", "Message": "OK", "BizId": "1"},
    "tencent": {"Response": {"SendStatusSet": [{"Code": "Ok", "Message": "send success"}], "RequestId": "1"}},
    "gateway": {"result": {"code": 0}},
    "wecom": {"errcode": 0, "errmsg": "ok"},
    "dingtalk": {"errcode": 0, "errmsg": "ok"},
    "feishu": {"code": 0, "msg": "success", "data": {}},
}


def as_json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_signatures_are_those_of_the_vendors_own_examples() -> None:
    """Examples of Aliyun's, Tencent's documentation; the robots' were tried."""
    headers = {
        "host": "ecs.cn-shanghai.aliyuncs.com",
        "x-acs-action": "RunInstances",
        "x-acs-content-sha256": sha256(b""),
        "x-acs-date": "2023-10-26T10:22:32Z",
        "x-acs-signature-nonce": "3156853299f313e23d1673dc12e1703d",
        "x-acs-version": "2014-05-26",
    }
    image = {"ImageId": "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd", "RegionId": "cn-shanghai"}
    query = aliyun_sms.canonical_query(image)
    signed = aliyun_sms.authorization("POST", query, headers, "YourAccessKeyId", "YourAccessKeySecret")
    assert signed == (
        "ACS3-HMAC-SHA256 Credential=YourAccessKeyId,SignedHeaders=host;x-acs-action;x-acs-content-sha256;x-acs-date;"
        "x-acs-signature-nonce;x-acs-version,"
        "Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"
    )
    body = rb'{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}'
    at = datetime.fromtimestamp(1551113065, UTC)
    key_id, key = "AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE", "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE"
    signed = tencent_sms.authorization(
        body, host="cvm.tencentcloudapi.com", service="cvm", at=at, secret_id=key_id, secret_key=key
    )
    assert signed.endswith("Signature=72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168")
    assert dingtalk_robot.sign(1700000000000, "SECabc") == "jcUpW0QmtKduN03n4JqQ0PBosVjqnM8gU7fIIvsDmCM="
    assert feishu_robot.sign(1700000000, "abc") == "VIS10b0EBvzzSdFnuk4tznEmK5wHaruvf/WnViv2yR4="


async def test_aliyun_finds_the_signature_that_it_works_out_itself() -> None:
    async with vendor_server(as_json(GOOD["aliyun"])) as vendor:
        await send(channel(ALIYUN, endpoint=vendor.url))
    asked = vendor.received[0]
    assert (asked.method, asked.body) == ("POST", b"")
    query = asked.query
    assert query["PhoneNumbers"] == "13800138000"
    assert (query["SignName"], query["TemplateCode"]) == ("闭环", "SMS_100")
    assert json.loads(query["TemplateParam"]) == {"product": "智办公CRM系统", "number": "FB202405060001"}
    assert "\\u" not in query["TemplateParam"]
    assert (asked.headers["x-acs-action"], asked.headers["x-acs-version"]) == ("SendSms", "2017-05-25")
    at = datetime.strptime(asked.headers["x-acs-date"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    assert abs(datetime.now(UTC) - at) < timedelta(minutes=1)
    sorted_query = "&".join(f"{quote(k, safe='~')}={quote(v, safe='~')}" for k, v in sorted(query.items()))
    names = ["host", *sorted(name for name in asked.headers if name.startswith("x-acs-"))]
    lines = "\n".join(f"{name}:{asked.headers[name]}" for name in names)
    canonical = "\n".join(["POST", "/", sorted_query, lines, "", ";".join(names), sha256(b"")])
    to_sign = f"ACS3-HMAC-SHA256\n{sha256(canonical.encode())}"
    signature = hmac.new(SECRET.encode(), to_sign.encode(), "sha256").hexdigest()
    assert asked.headers["authorization"].endswith(f",Signature={signature}")


async def test_tencent_finds_the_signature_that_it_works_out_itself() -> None:
    async with vendor_server(as_json(GOOD["tencent"])) as vendor:
        await send(channel(TENCENT, endpoint=vendor.url))
    asked, body = vendor.received[0], json.loads(vendor.received[0].body)
    assert (asked.headers["x-tc-action"], asked.headers["x-tc-version"]) == ("SendSms", "2021-01-11")
    assert asked.headers["x-tc-region"] == "ap-guangzhou"
    assert body["PhoneNumberSet"] == ["+8613800138000"]
    assert (body["SmsSdkAppId"], body["SignName"], body["TemplateId"]) == ("1400000000", "闭环", "1234")
    assert body["TemplateParamSet"] == ["智办公CRM系统", "FB202405060001"]
    assert "\\u" not in asked.body.decode()
    stamp = int(asked.headers["x-tc-timestamp"])
    day = datetime.fromtimestamp(stamp, UTC).strftime("%Y-%m-%d")
    signed = f"content-type:{asked.headers['content-type']}\nhost:{asked.headers['host']}\n"
    canonical = f"POST\n/\n\n{signed}\ncontent-type;host\n{sha256(asked.body)}"
    to_sign = f"TC3-HMAC-SHA256\n{stamp}\n{day}/sms/tc3_request\n{sha256(canonical.encode())}"
    key = f"TC3{SECRET}".encode()
    for part in (day, "sms", "tc3_request"):
        key = hmac.new(key, part.encode(), "sha256").digest()
    signature = hmac.new(key, to_sign.encode(), "sha256").hexdigest()
    assert asked.headers["authorization"].endswith(f" Signature={signature}")


async def test_a_robot_of_dingtalk_is_signed_and_mentions_in_both_places() -> None:
    async with vendor_server(as_json(GOOD["dingtalk"])) as vendor:
        await send(channel(DINGTALK, endpoint=f"{vendor.url}/robot/send"), envelope(), envelope(address="li.lei"))
    by_mobile, by_id = vendor.received
    query = by_mobile.query
    stamp = int(query["timestamp"])
    assert abs(datetime.now(UTC).timestamp() * 1000 - stamp) < 60_000
    signature = hmac.new(b"SECabc", f"{stamp}\nSECabc".encode(), "sha256").digest()
    assert query["sign"] == b64encode(signature).decode()
    assert query["access_token"] == SECRET
    body = json.loads(by_mobile.body)
    assert body["at"] == {"atMobiles": ["13800138000"], "atUserIds": [], "isAtAll": False}
    assert "@13800138000 " in body["markdown"]["text"]
    body = json.loads(by_id.body)
    assert body["at"]["atUserIds"] == ["li.lei"]
    assert "@li.lei " in body["markdown"]["text"]


async def test_a_robot_of_wecom_mentions_by_id_or_mobile_and_names_the_person() -> None:
    async with vendor_server(as_json(GOOD["wecom"])) as vendor:
        await send(channel(WECOM, endpoint=f"{vendor.url}/send"), envelope(), envelope(address="li.lei"))
    texts = [json.loads(one.body)["text"] for one in vendor.received]
    assert vendor.received[0].query == {"key": SECRET}
    assert texts[0]["mentioned_mobile_list"] == ["13800138000"]
    assert texts[1]["mentioned_list"] == ["li.lei"]
    assert all(one["content"].startswith("@王芳 ") for one in texts)


async def test_a_robot_of_feishu_is_signed_in_the_body() -> None:
    async with vendor_server(as_json(GOOD["feishu"])) as vendor:
        await send(channel(FEISHU, endpoint=f"{vendor.url}/hook"), envelope(address="ou_1"))
    body = json.loads(vendor.received[0].body)
    assert vendor.received[0].target == f"/hook/{SECRET}"
    key = f"{body['timestamp']}\nabc".encode()
    assert body["sign"] == b64encode(hmac.new(key, b"", "sha256").digest()).decode()
    assert body["content"]["text"].startswith('<at user_id="ou_1">王芳</at> ')


@pytest.mark.parametrize("kind", ["wecom", "dingtalk", "feishu"])
async def test_nothing_a_customer_wrote_is_a_mention_a_link_or_a_heading_in_a_group(kind: str) -> None:
    hostile = '# [x](http://evil.example) @all **b** <at user_id="all">x</at> `c` <@zhangsan> ![p](https://evil/p.png)'
    hostile += " www.evil.example evil.例子 a.b-evil.cn/x 3.5"
    async with vendor_server(as_json(GOOD[kind])) as vendor:
        sent = envelope(short=hostile, subject=hostile, name="<at>@all", address="ou_1")
        await send(channel(ALL[kind], endpoint=vendor.url), sent)
    body = json.loads(vendor.received[0].body)
    text = body["markdown"]["text"] + body["markdown"]["title"] if kind == "dingtalk" else ""
    text = text or (body["text"]["content"] if kind == "wecom" else body["content"]["text"])
    for own in ('<at user_id="ou_1">', "</at>", "### ", "@ou_1", "@＜at＞＠all"):
        text = text.replace(own, "", 1)
    assert not set(text) & set("@<>[]#*`!")
    assert "://" not in text
    assert set(re.findall(r"\w+\.\w+", text)) == {"a.b", "3.5"}


async def test_a_gateway_gets_the_companys_own_body_in_which_no_text_breaks_out() -> None:
    hostile = 'x", "phone": "1", "y": "{{ secret }}\n'
    async with vendor_server(as_json(GOOD["gateway"])) as vendor:
        await send(channel(GATEWAY, endpoint=f"{vendor.url}/send"), envelope(short=hostile))
        form = {"headers": {}, "method": "GET", "body": "to={{ to }}&text={{ text }}"}
        await send(channel({**GATEWAY, **form}, endpoint=f"{vendor.url}/get"), envelope(short="a&to=1 个"))
    asked = vendor.received[0]
    body = json.loads(asked.body)
    assert (body["phone"], body["content"]) == ("+8613800138000", hostile)
    assert asked.headers["x-token"] == SECRET
    assert vendor.received[1].method == "GET"
    assert vendor.received[1].query == {"to": "+8613800138000", "text": "a&to=1 个"}


LATER, GOOD_FOR_NOTHING, UNKNOWN = TemporaryDeliveryError, PermanentDeliveryError, UnknownOutcomeError
ANSWERS: list[tuple[str, Any, type[Exception], int | None]] = [
    ("aliyun", {"Code": "isv.BUSINESS_LIMIT_CONTROL", "Message": "触发天级流控Permits:50"}, LATER, 86_400),
    ("aliyun", {"Code": "isv.BUSINESS_LIMIT_CONTROL", "Message": "触发分钟级流控Permits:1"}, LATER, 60),
    ("aliyun", {"Code": "isv.MOBILE_NUMBER_ILLEGAL", "Message": "号码格式错误"}, GOOD_FOR_NOTHING, None),
    ("aliyun", {"Code": "SignatureDoesNotMatch", "Message": f"server string {SECRET}"}, GOOD_FOR_NOTHING, None),
    ("aliyun", {"Message": "hello"}, UNKNOWN, None),
    ("tencent", {"Response": {"Error": {"Code": "AuthFailure.SignatureFailure"}}}, GOOD_FOR_NOTHING, None),
    ("tencent", {"Response": {"Error": {"Code": "RequestLimitExceeded.UinLimitExceeded"}}}, LATER, None),
    ("tencent", {"Response": {"SendStatusSet": [{"Code": "LimitExceeded.PhoneNumberThirtySecondLimit"}]}}, LATER, 30),
    ("tencent", {"Response": {"SendStatusSet": [{"Code": "FailedOperation.TemplateIncorrectOrUnapproved"}]}},
     GOOD_FOR_NOTHING, None),
    ("tencent", {"Response": {"SendStatusSet": []}}, UNKNOWN, None),
    ("wecom", {"errcode": 45009, "errmsg": "api freq out of limit"}, LATER, 60),
    ("wecom", {"errcode": "93000", "errmsg": "invalid webhook url"}, GOOD_FOR_NOTHING, None),
    ("wecom", {"errcode": -1, "errmsg": "system busy"}, LATER, None),
    ("wecom", {"errcode": None}, UNKNOWN, None),
    ("wecom", {"errcode": False}, UNKNOWN, None),
    ("dingtalk", {"errcode": 130101, "errmsg": "send too fast"}, LATER, 600),
    ("dingtalk", {"errcode": 310000, "errmsg": "sign not match"}, GOOD_FOR_NOTHING, None),
    ("dingtalk", {"errcode": 300005, "errmsg": "token is not exist"}, GOOD_FOR_NOTHING, None),
    ("feishu", {"code": 11232, "msg": "frequency limited"}, LATER, 60),
    ("feishu", {"code": 9499, "msg": "Bad Request"}, GOOD_FOR_NOTHING, None),
    ("feishu", {"code": 9499, "msg": "too many request"}, LATER, 60),
    ("feishu", {"code": 19021, "msg": "sign match fail or timestamp is not within one hour"}, GOOD_FOR_NOTHING, None),
    ("gateway", {"result": {"code": "busy"}}, LATER, None),
    ("gateway", {"result": {"code": 7}}, GOOD_FOR_NOTHING, None),
    ("gateway", {"result": []}, UNKNOWN, None),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "answer", "error", "wait"), ANSWERS, ids=lambda value: str(value)[:60])
async def test_an_error_inside_an_answer_of_200_is_none_that_was_sent(
    kind: str, answer: Any, error: type[Exception], wait: int | None
) -> None:
    async with vendor_server(as_json(answer)) as vendor:
        with pytest.raises(error) as caught:
            await send(channel(ALL[kind], endpoint=vendor.url))
    assert SECRET not in str(caught.value)
    assert "13800138000" not in str(caught.value)
    for code in ("PhoneNumberThirtySecondLimit", "TemplateIncorrectOrUnapproved", "300005", "310000", "45009"):
        assert (code in str(caught.value)) is (code in str(answer))
    if isinstance(caught.value, TemporaryDeliveryError):
        assert caught.value.wait == (timedelta(seconds=wait) if wait else None)


def test_the_words_of_an_unknown_code_are_passed_on() -> None:
    from activities.channels.http import said

    assert said("token is not exist") == "token is not exist"
    assert said("bad 13800138000 at https://x.example/?key=1 \x1b[31m\n") == "bad … at … [31m"


BROKEN: dict[str, tuple[bytes | None, type[Exception]]] = {
    "nonsense": (ok(b"<html>login to the wifi</html>"), UNKNOWN),
    "empty": (ok(b""), UNKNOWN),
    "a list": (ok(b"[1]"), UNKNOWN),
    "not text": (ok(b"\xff\xfe\x00"), UNKNOWN),
    "deep": (ok(b"[" * 60_000), UNKNOWN),
    "too much": (ok(b"x" * 200_000), UNKNOWN),
    "no HTTP": (b"220 mail.example.com ESMTP\r\n\r\n", UNKNOWN),
    "closed": (b"", UNKNOWN),
    "elsewhere": (ok(b"", "302 Found", Location="http://127.0.0.1:1/"), GOOD_FOR_NOTHING),
    "forbidden": (ok(b"no", "403 Forbidden"), GOOD_FOR_NOTHING),
    "down": (ok(b"", "503 Service Unavailable"), LATER),
    "behind": (ok(b"", "504 Gateway Timeout"), UNKNOWN),
}


def replying(answer: bytes | None) -> Answering:
    return lambda _: answer


@pytest.mark.parametrize("kind", sorted(ALL))
async def test_an_answer_that_is_none_never_counts_as_sent(kind: str) -> None:
    for name, (answer, error) in BROKEN.items():
        async with vendor_server(replying(answer)) as vendor:
            with pytest.raises(error) as caught:
                await send(channel(ALL[kind], endpoint=vendor.url))
        assert SECRET not in str(caught.value), name
        assert len(vendor.received) == 1, name


@pytest.mark.parametrize("kind", sorted(ALL))
async def test_a_vendor_says_itself_how_long_to_wait(kind: str) -> None:
    async with vendor_server(lambda _: ok(b"slow down", "429 Too Many Requests", Retry_After="7")) as vendor:
        with pytest.raises(TemporaryDeliveryError) as caught:
            await send(channel(ALL[kind], endpoint=vendor.url))
    assert caught.value.wait == timedelta(seconds=7)


@pytest.mark.parametrize("kind", sorted(ALL))
async def test_a_vendor_that_hangs_may_have_taken_it_and_one_that_is_away_has_not(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("activities.channels.http.ANSWER_TIMEOUT", 0.1)
    async with vendor_server(lambda _: None) as vendor:
        with pytest.raises(UnknownOutcomeError, match="no answer from"):
            await send(channel(ALL[kind], endpoint=vendor.url))
    with pytest.raises(UnreachableError, match="cannot be reached") as caught:
        await send(channel(ALL[kind], endpoint=vendor.url))
    assert SECRET not in str(caught.value)


async def test_no_key_of_a_robot_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    import logging

    with caplog.at_level(logging.DEBUG):
        async with vendor_server(as_json(GOOD["wecom"])) as vendor:
            await send(channel(WECOM, endpoint=vendor.url))
    assert SECRET not in caplog.text


async def test_a_landline_and_a_message_without_a_template_are_known_before_anything_is_sent() -> None:
    def never(_: Received) -> bytes:
        raise AssertionError

    async with vendor_server(never) as vendor:
        sms = channel(ALIYUN, endpoint=vendor.url)
        for sent, why in (
            (envelope(address="+861062345678"), "no mobile"),
            (envelope(message="result"), "no template"),
            (envelope(facts={"number": "FB1"}), "not known: product"),
            (envelope(facts=None), "not known"),
        ):
            with pytest.raises(PermanentDeliveryError, match=why):
                await send(sms, sent)
    assert vendor.received == []


async def test_a_long_product_is_cut_to_what_a_variable_holds() -> None:
    async with vendor_server(as_json(GOOD["aliyun"])) as vendor:
        await send(channel(ALIYUN, endpoint=vendor.url), envelope(facts={"number": "FB1", "product": "长" * 80}))
    assert json.loads(vendor.received[0].query["TemplateParam"])["product"] == "长" * 35
