"""The owner of a new case is shown what solved it before, and who else calls about the same thing (R28)."""

from __future__ import annotations

from typing import Any

import pytest

from activities.database.database import Database
from activities.database.reader import open_reader
from activities.knowledge.suggestion import Suggestions, suggest
from activities.messages.renderer import Renderer
from activities.queries.cases import Cases
from tests.activities.knowledge.test_knowledge import closed, opened, publish
from tests.activities.recording.test_activity import recording_of
from tests.activities.samples import organisation, register_case
from tests.builders import case_step, open_case


async def suggested(
    database: Database, symptom: str, product: str | None = "智办公CRM系统", **form: Any
) -> Suggestions:
    async with open_reader(database.address) as reader:
        content = {"description": {"symptom": symptom}, "product": product, **form}
        return await suggest(reader, "FB209901010001", content, type="technical", subtype="数据同步失败")


async def test_a_new_case_is_shown_the_three_likeliest_answers_and_earlier_cases(either: Database) -> None:
    published = [
        await publish(either, await closed(either, symptom, "重启打印服务"))
        for symptom in ("小票打印不出来", "小票打印机没有反应", "扫码后小票不打印", "小票打印很慢")
    ]
    draft = await closed(either, "收银台小票打印空白", "更换纸卷")
    await publish(either, await closed(either, "登录页面打不开", "清除缓存"))
    suggestions = await suggested(either, "收银台的小票打印不出来")
    assert suggestions["articles"][0]["key"] == published[0]
    assert len(suggestions["articles"]) == 3
    assert {one["key"] for one in suggestions["articles"]} <= set(published)
    (earlier,) = suggestions["earlier"]
    assert (earlier["number"], earlier["solution"]) == (draft, "更换纸卷")


async def test_open_cases_with_the_same_trouble_in_the_same_product_are_pointed_out(either: Database) -> None:
    same = await opened(either, "点击保存提示网络错误，无法新增客户")
    await opened(either, "点击保存提示网络错误", product="别的产品")
    await opened(either, "发票抬头怎么修改")
    await closed(either, "点击保存提示网络错误")
    (alike,) = (await suggested(either, "保存客户时提示网络错误"))["open"]
    assert (alike["number"], alike["owner"], alike["status"]) == (same, "tech-001", "dispatched")
    assert alike["linked_to"] is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("打印机打不了小票", "收银台小票打印不出来"),
        ("没有收到短信验证码", "手机收不到验证码"),
        ("申请退款一周了还没到帐", "退款迟迟没有到账"),
        ("login fails after I reset my password", "Cannot log in after password reset"),
    ],
)
async def test_the_same_trouble_in_other_words_is_pointed_out(one: str, other: str, either: Database) -> None:
    same = await opened(either, one)
    for unlike in ("报表导出超时", "优惠券结算时用不了", "网页加载要很久", "charts do not load"):
        await opened(either, unlike)
    assert [alike["number"] for alike in (await suggested(either, other))["open"]] == [same]


@pytest.mark.parametrize(
    ("one", "other", "type_", "is_likely"),
    [
        ("扫码付款后小票打印不出来", "付款后打不出小票", "technical", True),
        ("Saving fails with a network error", "network error when I save", "technical", True),
        ("登录不了", "登录之后看不到昨天的订单，首页一直转圈", "technical", False),
        ("数据同步失败", "客户数据同步之后重复了", "technical", False),
        ("扫码付款后小票打印不出来", "付款后打不出小票", "service", False),
    ],
)
async def test_two_cases_of_one_product_are_not_said_to_have_one_cause_for_that(
    one: str, other: str, type_: str, is_likely: bool, either: Database
) -> None:
    await opened(either, one)
    form: dict[str, Any] = {"product": "智办公CRM系统", "description": {"symptom": other}}
    async with open_reader(either.address) as reader:
        found = (await suggest(reader, "FB1", form, type=type_, subtype="数据同步失败"))["open"]
    assert [alike["one_cause"] for alike in found] == [is_likely]


@pytest.mark.parametrize(
    "form", [{}, {"description": None, "product": None}, {"description": {"symptom": "😀\"'*"}, "product": "'"}]
)
async def test_a_form_that_says_little_gets_no_suggestions_and_no_error(either: Database, form: dict[str, Any]) -> None:
    await closed(either, "小票打印不出来")
    async with open_reader(either.address) as reader:
        assert await suggest(reader, "FB1", form, type=None, subtype=None) == {
            "articles": [],
            "earlier": [],
            "open": [],
        }


async def test_what_has_little_to_do_with_it_is_not_suggested(either: Database) -> None:
    await publish(either, await closed(either, "登录页面打不开", "清除缓存后重新登录"))
    suggestions = await suggested(
        either, "扫码付款以后小票打印不出来，打印机的灯是绿的，重新插拔过电源也没有用，页面正常"
    )
    assert suggestions["articles"] == []


async def test_the_same_product_goes_before_another_one(either: Database) -> None:
    other = await publish(either, await closed(either, "小票打印不出来", product="别的产品"))
    same = await publish(either, await closed(either, "小票打印不出来"))
    assert [one["key"] for one in (await suggested(either, "小票打印不出来"))["articles"]] == [same, other]


@pytest.mark.parametrize("known", [True, False], ids=["known", "unknown"])
async def test_the_mail_to_a_new_owner_names_likely_answers(either: Database, known: bool) -> None:
    twin = None
    if known:
        await publish(either, await closed(either, "王芳说小票打印不出来", "重启打印服务"))
        twin = await opened(either, "小票打印不出来了")
    number = await register_case(either, description={"symptom": "小票打印不出来"})
    case, events = open_case()
    recording = recording_of(either, renderer=Renderer())
    await recording.directory.load(organisation(name="智办公"))
    view = case.view().model_copy(update={"number": number})
    await recording.record(case_step(view, events))
    rows = await Cases(either).outbox(number)
    (mail,) = [row for row in rows if row.message == "dispatched"]
    assert mail.error is None
    assert ("KB0001" in mail.text) == known
    assert ("重启打印服务" in mail.text) == known
    assert ("the cause may be one" in mail.text) == known
    if twin:
        assert twin in mail.text
    assert not any("KB0001" in row.text for row in rows if row.audience == "customer")


async def test_a_case_is_dispatched_also_when_the_knowledge_base_cannot_be_read(
    either: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: Any, **__: Any) -> None:
        raise OSError("disk error")

    monkeypatch.setattr("activities.recording.activity.suggest", broken)
    number = await opened(either, "小票打印不出来")
    assert any(row.message == "dispatched" for row in await Cases(either).outbox(number))
