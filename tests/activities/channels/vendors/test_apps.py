"""Apps of chat platforms write to people one by one, by tokens that are asked for no more often than needed (R44)."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from activities.channels.channel import HttpChannel
from activities.channels.token import AccessTokens
from activities.delivery.transport import (
    AddressKind,
    Envelope,
    PermanentDeliveryError,
    TemporaryDeliveryError,
    UnknownOutcomeError,
)
from activities.messages.routing import address_of
from tests.activities.channels.made import SECRET, channel, envelope
from tests.activities.channels.vendors.platforms import APPS, Platform, as_json, settings
from tests.activities.channels.vendors.vendor_server import Received, ok, vendor_server
from workflows.domain.organisation.organisation import Person

KINDS = sorted(APPS)


def _always(answer: bytes, _: Received) -> bytes:
    return answer


async def send(app: HttpChannel, *messages: Envelope) -> None:
    async with app.connect() as connection:
        for message in messages:
            await connection.send(message)


def to(person: str = "li.lei", **changes: Any) -> Envelope:
    return envelope(address=person, **changes)


async def test_wecom_writes_a_text_to_one_person_and_knows_it_when_it_comes_again() -> None:
    platform = Platform("wecom")
    async with vendor_server(platform) as server:
        await send(channel(settings("wecom", server)), to())
    (sent,) = platform.sent
    assert (sent["touser"], sent["agentid"], sent["msgtype"]) == ("li.lei", 1000002, "text")
    assert (sent["enable_duplicate_check"], sent["duplicate_check_interval"]) == (1, 14_400)
    assert "\\u" not in json.dumps(sent, ensure_ascii=False)


async def test_dingtalk_sends_a_work_notice_to_one_person() -> None:
    platform = Platform("dingtalk")
    async with vendor_server(platform) as server:
        await send(channel(settings("dingtalk", server)), to())
    (sent,) = platform.sent
    assert (sent["agent_id"], sent["userid_list"], sent["to_all_user"]) == (77, "li.lei", False)
    assert sent["msg"]["msgtype"] == "text"


async def test_feishu_writes_to_one_person_under_an_id_that_is_the_same_at_each_attempt() -> None:
    platform = Platform("feishu")
    async with vendor_server(platform) as server:
        app = channel(settings("feishu", server))
        await send(app, to("ou_1"), to("ou_1"), to("ou_1", key="another"))
    first, again, other = platform.sent
    assert (first["receive_id"], first["receive_id_type"], first["msg_type"]) == ("ou_1", "open_id", "text")
    assert first["uuid"] == again["uuid"] != other["uuid"]
    assert len(first["uuid"]) <= 50
    assert json.loads(first["content"])["text"]


@pytest.mark.parametrize("kind", KINDS)
async def test_fifty_messages_at_once_ask_for_one_token(kind: str) -> None:
    platform = Platform(kind)
    async with vendor_server(platform) as server:
        app = channel(settings(kind, server), rate_per_person=[], rate=[])
        await asyncio.gather(*(send(app, to(key=str(index))) for index in range(50)))
    assert (len(platform.tokens), len(platform.sent)) == (1, 50)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_token_that_was_taken_back_is_asked_for_once_more_and_the_message_goes_out_once(kind: str) -> None:
    platform = Platform(kind)
    async with vendor_server(platform) as server:
        app = channel(settings(kind, server))
        await send(app, to(key="1"))
        platform.stale = True
        await send(app, to(key="2"))
    assert (platform.tokens, len(platform.sent)) == (["token-1", "token-2"], 2)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_platform_that_refuses_every_token_puts_the_message_off_and_is_not_asked_on_and_on(kind: str) -> None:
    platform = Platform(kind)
    async with vendor_server(platform) as server:
        app = channel(settings(kind, server))
        await send(app, to(key="1"))
        platform.tokens.append("of nobody")
        platform._token = lambda *_: as_json({  # type: ignore[method-assign]
            "errcode": 0, "code": 0, "access_token": "x", "expires_in": 7200, "tenant_access_token": "x", "expire": 1,
        } if kind != "dingtalk" else {"accessToken": "x", "expireIn": 7200})  # fmt: skip
        before = len(server.received)
        with pytest.raises(TemporaryDeliveryError):
            await send(app, to(key="2"))
        assert len(server.received) - before == 3  # refused, a login, refused


@pytest.mark.parametrize("kind", KINDS)
async def test_a_wrong_secret_is_for_good_is_said_without_it_and_is_not_tried_for_every_message(kind: str) -> None:
    platform = Platform(kind, secret="another")
    async with vendor_server(platform) as server:
        app = channel(settings(kind, server))
        for key in "123":
            with pytest.raises(PermanentDeliveryError, match="one: login: ") as refused:
                await send(app, to(key=key))
        with pytest.raises(PermanentDeliveryError, match="login"):
            await app.check()
        logins = [one for one in server.received if one.method != "HEAD"]
    assert len(logins) == 1
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_login_that_gets_no_answer_has_sent_nothing(kind: str) -> None:
    for answer in (ok(b"<html>"), ok(b"", "503 Service Unavailable"), b""):
        async with vendor_server(partial(_always, answer)) as server:
            with pytest.raises(TemporaryDeliveryError):
                await send(channel(settings(kind, server)), to())


async def test_a_token_is_renewed_before_its_end() -> None:
    platform, now = Platform("wecom"), [0.0]
    async with vendor_server(platform) as server:
        app = channel(settings("wecom", server))
        assert app.tokens is not None
        app = replace(app, tokens=AccessTokens(app.tokens.vendor, lambda: now[0]))
        for moment in (0.0, 6_899.0, 6_901.0):
            now[0] = moment
            await send(app, to(key=str(moment)))
    assert platform.tokens == ["token-1", "token-2"]


LATER, FOR_GOOD = TemporaryDeliveryError, PermanentDeliveryError


@pytest.mark.parametrize(
    ("kind", "answer", "error", "wait"),
    [
        ("wecom", {"errcode": 45009, "errmsg": "api freq out of limit"}, LATER, 60),
        ("wecom", {"errcode": -1, "errmsg": "system busy"}, LATER, None),
        ("wecom", {"errcode": 81013, "errmsg": "all invalid"}, FOR_GOOD, None),
        ("wecom", {"errcode": 0, "errmsg": "ok", "invaliduser": "li.lei"}, FOR_GOOD, None),
        ("wecom", {"errcode": 0, "errmsg": "ok", "invaliduser": "", "unlicenseduser": "li.lei"}, FOR_GOOD, None),
        ("wecom", {"errcode": 60020, "errmsg": "not allow to access from your ip"}, FOR_GOOD, None),
        ("dingtalk", {"errcode": 88, "sub_code": "90018", "sub_msg": "too fast"}, LATER, 60),
        ("dingtalk", {"errcode": 33012, "errmsg": "无效的USERID"}, FOR_GOOD, None),
        ("feishu", {"code": 230020, "msg": "frequency limit"}, LATER, 1),
        ("feishu", {"code": 230013, "msg": "Bot has NO availability to this user."}, FOR_GOOD, None),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_an_error_inside_an_answer_decides(
    kind: str, answer: dict[str, Any], error: type[Exception], wait: int | None
) -> None:
    platform = Platform(kind, says=[as_json(answer)])
    async with vendor_server(platform) as server:
        with pytest.raises(error) as caught:
            await send(channel(settings(kind, server)), to())
    assert SECRET not in str(caught.value)
    if isinstance(caught.value, TemporaryDeliveryError):
        assert caught.value.wait == (timedelta(seconds=wait) if wait else None)


async def test_feishu_says_by_a_header_how_long_to_wait() -> None:
    answer = ok(b'{"code": 99991400, "msg": "request trigger frequency limit"}', "429 x", x_ogw_ratelimit_reset="9")
    async with vendor_server(Platform("feishu", says=[answer])) as server:
        with pytest.raises(TemporaryDeliveryError) as caught:
            await send(channel(settings("feishu", server)), to())
    assert caught.value.wait == timedelta(seconds=9)


async def test_what_may_have_arrived_is_sent_again_only_where_the_platform_knows_it() -> None:
    for kind, error in (("wecom", LATER), ("feishu", LATER), ("dingtalk", UnknownOutcomeError)):
        async with vendor_server(Platform(kind, says=[ok(b"<html>")])) as server:
            with pytest.raises(error):
                await send(channel(settings(kind, server)), to())


@pytest.mark.parametrize("kind", KINDS)
async def test_no_text_is_the_same_twice_since_platforms_drop_what_somebody_has_had(kind: str) -> None:
    app = channel(APPS[kind])
    one, again, other = (app.written(to(key=key))[0] for key in ("1", "1", "2"))
    assert one == again != other


@pytest.mark.parametrize("kind", KINDS)
async def test_somebody_of_whom_only_a_number_is_known_is_not_written_to_by_an_app(kind: str) -> None:
    with pytest.raises(PermanentDeliveryError, match="their id at"):
        channel(APPS[kind]).written(to("+8613800138000"))
    person = Person(id="li-lei", name="李雷", phone="13800138000")
    assert address_of(person, channel(APPS[kind]).takes) == ""
    assert address_of(person, AddressKind.WECOM) == "+8613800138000"


async def test_wecom_drops_what_is_above_thirty_a_minute_so_the_thirty_first_is_put_off() -> None:
    platform = Platform("wecom")
    async with vendor_server(platform) as server:
        app = channel(settings("wecom", server))
        await send(app, *(to(key=str(index)) for index in range(30)))
        with pytest.raises(TemporaryDeliveryError, match="not to be asked so often"):
            await send(app, to(key="31"))
        await send(app, to("han.mei", key="32"))
    assert len(platform.sent) == 31
