"""What was learned from closed cases is drafted once, kept by editors and found again, the same on both databases."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, func, select, text

from activities.database.database import Database
from activities.database.migrations.head import HEAD
from activities.database.migrations.upgrade import upgrade
from activities.database.tables import timeline
from activities.knowledge.bigrams import words_of
from activities.knowledge.editing import KnowledgeEditing
from activities.knowledge.search import ArticleSearch
from activities.policy.loading import load_policy
from activities.queries.cases import Cases
from tests.activities.recording.test_activity import recording_of
from tests.activities.samples import organisation, register_case
from tests.builders import HOUR, MINUTE, MONDAY, case_step, command, open_case
from workflows.domain.case.aggregate import Case
from workflows.domain.event import Event
from workflows.domain.problem import Problem
from workflows.domain.vocabulary import Resolution
from workflows.ports import Record

EDITOR = "tech-head"
AGENT = "tech-001"
_ANSWERS: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "satisfied": [("confirm", {}), ("rate", {"score": "satisfied"})],
    "neutral": [("confirm", {}), ("rate", {"score": "neutral"})],
    "withdrawn": [("withdraw", {})],
}


async def opened(database: Database, symptom: str, **changes: Any) -> str:
    """A submission, whose case is open and recorded."""
    number = await register_case(database, description={"symptom": symptom}, **changes)
    case, events = open_case()
    await recording_of(database).record(step_of(case, events, number))
    return number


async def closed(
    database: Database,
    symptom: str,
    solution: str = "重启服务",
    *,
    cause: str = "服务没有响应",
    prevention: str | None = None,
    ending: str = "satisfied",
    twice: bool = False,
    **changes: Any,
) -> str:
    """A case brought to its end as the rules have it, every step recorded."""
    number = await register_case(database, description={"symptom": symptom}, **changes)
    case, events = open_case()
    recording = recording_of(database)
    said = {"cause": cause, "solution": solution, "prevention": prevention, "verified": "yes"}
    steps = [("resolve", said), *((name, fields) for name, fields in _ANSWERS[ending])]
    now = MONDAY
    await recording.record(step_of(case, events, number))
    for name, fields in steps:
        now += MINUTE
        by = "tech-001" if name == "resolve" else "customer"
        given_ = {"why": "不需要了"} if name == "withdraw" else {}
        step = step_of(case, case.handle(command(name, by, **fields, **given_), now), number)
        for _ in range(1 + twice):
            await recording.record(step)
    assert case.view().resolution == Resolution(ending)
    return number


def step_of(case: Case, events: list[Event], number: str) -> Record:
    return case_step(case.view().model_copy(update={"number": number}), events)


async def found(database: Database, query: str, **options: Any) -> list[str]:
    return [one["title"] for one in await ArticleSearch(database.address).search(query, **options)]


async def key_of(database: Database, number: str) -> str:
    listed = await ArticleSearch(database.address).list()
    return str(next(one["key"] for one in listed if one["number"] == number))


async def publish(database: Database, number: str) -> str:
    key = await key_of(database, number)
    await KnowledgeEditing(database, organisation()).publish(key, by=EDITOR, at=MONDAY + HOUR)
    return key


async def test_a_closed_case_is_kept_as_a_draft_without_its_customer(either: Database) -> None:
    number = await closed(
        either,
        "王芳的收银台打不出小票，请回电13800138000",
        "已替王女士重启打印服务，并发信到WangFang@example.com",
        cause="打印服务没有响应",
        prevention="每晚自动重启",
        twice=True,
    )
    (draft,) = await ArticleSearch(either.address).list(status="draft")
    assert draft["number"] == number
    assert draft["title"] == draft["problem"] == "[客户]的收银台打不出小票，请回电[电话]"
    assert draft["cause"] == "打印服务没有响应"
    assert draft["solution"] == "已替[客户]重启打印服务，并发信到[邮箱]"
    assert draft["prevention"] == "每晚自动重启"
    assert (draft["product"], draft["type"], draft["subtype"]) == ("智办公CRM系统", "technical", "数据同步失败")
    assert [(change["what"], change["by"]) for change in draft["changes"]] == [("drafted", "system")]


async def test_a_withdrawn_case_teaches_nothing(either: Database) -> None:
    await closed(either, "收银台打不出小票", ending="withdrawn")
    assert await ArticleSearch(either.address).list() == []
    await closed(either, "收银台打不出小票", ending="neutral")
    assert len(await ArticleSearch(either.address).list()) == 1


async def test_the_last_solution_is_the_one_that_is_learned(either: Database) -> None:
    number = await register_case(either, description={"symptom": "同步失败"})
    case, events = open_case()
    recording = recording_of(either)
    await recording.record(step_of(case, events, number))
    said = [
        ("resolve", AGENT, {"cause": "不明", "solution": "重启", "verified": "yes"}),
        ("refuse", "customer", {"why": "还是失败"}),
        ("resolve", "tech-lead", {"cause": "证书过期", "solution": "更换证书", "verified": "yes"}),
        ("confirm", "customer", {}),
        ("rate", "customer", {"score": "very_satisfied"}),
    ]
    for minute, (name, by, fields) in enumerate(said, start=1):
        events = case.handle(command(name, by, **fields), MONDAY + minute * MINUTE)
        await recording.record(step_of(case, events, number))
    (draft,) = await ArticleSearch(either.address).list()
    assert (draft["cause"], draft["solution"]) == ("证书过期", "更换证书")


async def test_a_closing_that_is_not_written_leaves_no_article(
    either: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: Any) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("activities.delivery.outbox.Outbox.add", full)
    number = await register_case(either, description={"symptom": "打不出小票"})
    case, events = open_case()
    case.handle(command("resolve", AGENT, cause="c", solution="s", verified="yes"), MONDAY)
    case.handle(command("confirm", "customer"), MONDAY)
    events += case.handle(command("rate", "customer", score="satisfied"), MONDAY)
    with pytest.raises(OSError, match="disk full"):
        await recording_of(either).record(step_of(case, events, number))
    assert await ArticleSearch(either.address).list() == []


async def test_words_of_two_characters_are_found_in_either_language(either: Database) -> None:
    await closed(either, "扫码付款后小票打印不出来", "重启打印服务")
    await closed(either, "VPN connection drops when printing invoices", "Update the AI driver")
    await closed(either, "登录异常,提示API调用超时", "更换证书")
    for query, title in {
        "小票": "扫码付款后小票打印不出来",
        "打印": "扫码付款后小票打印不出来",
        "ａｐｉ": "登录异常,提示API调用超时",
        "ai": "VPN connection drops when printing invoices",
        "prints": "VPN connection drops when printing invoices",
        "Invoice": "VPN connection drops when printing invoices",
        "证书过期": "登录异常,提示API调用超时",
    }.items():
        assert await found(either, query) == [title], query
    assert await found(either, "火星") == []


async def test_the_better_fit_comes_first_and_what_is_published_before_drafts(either: Database) -> None:
    in_text = await closed(either, "付款以后没有反应", "检查打印机的小票纸")
    in_title = await closed(either, "小票打印机不出纸", "换一台")
    await closed(either, "登录不了", "重置密码")
    assert await found(either, "小票 打印机") == ["小票打印机不出纸", "付款以后没有反应"]
    await publish(either, in_text)
    assert await found(either, "小票 打印机") == ["付款以后没有反应", "小票打印机不出纸"]
    await publish(either, in_title)
    assert await found(either, "小票 打印机") == ["小票打印机不出纸", "付款以后没有反应"]


@pytest.mark.parametrize(
    "query",
    [
        '小票" OR "x', "小票' --", "words:小票 NEAR(小票, 2)", "小票* ^ AND NOT (", "{小票}; DROP TABLE article",
        "小票😀👍",
        "小票\x00\ud800", "小票" + "🖨️打x\"'" * 2_000, "$1 %s :name ? 小票",
    ],
)  # fmt: skip
async def test_no_query_breaks_the_search(either: Database, query: str) -> None:
    await closed(either, "小票打印不出来")
    assert isinstance(await found(either, query), list)
    assert await found(either, "小票") == ["小票打印不出来"]


@pytest.mark.parametrize("query", ["", "  ", "票", "😀", "a", '"*^()', "，。"])
async def test_a_query_without_a_word_gets_one_line(either: Database, query: str) -> None:
    with pytest.raises(Problem, match="at least two"):
        await ArticleSearch(either.address).search(query)


async def test_both_databases_answer_the_same(database: Database, postgresql_url: str) -> None:
    server = Database.open(postgresql_url)
    await server.migrate()
    texts = [
        ("小票打印不出来", "重启打印服务"), ("打印机卡纸", "清理纸道"), ("Printer is offline", "Restart the printer"),
        ("登录异常", "重置密码"), ("数据同步失败", "补同步"), ("发票打印金额错误", "重新打印发票"),
        ("API 调用超时", "扩容"),
    ]  # fmt: skip
    for symptom, solution in texts:
        for place in (database, server):
            await closed(place, symptom, solution)
    for query in ("打印", "打印 发票", "printer", "服务 超时", "小票打印机", "api 密码 同步", "打印不出来怎么办" * 30):
        here, there = [await ArticleSearch(place.address).search(query) for place in (database, server)]
        assert here == there
        assert here
    await server.close()


async def test_only_editors_change_what_everybody_reads(either: Database) -> None:
    await closed(either, "小票打印不出来")
    knowledge = KnowledgeEditing(either, organisation())
    with pytest.raises(Problem, match="tech-001 may not change the knowledge base"):
        await knowledge.publish("KB0001", by=AGENT, at=MONDAY)
    with pytest.raises(Problem, match="is nobody in the organisation"):
        await knowledge.retire("KB0001", by="stranger", at=MONDAY, why="x")
    await knowledge.publish("KB0001", by="operator", at=MONDAY)


async def test_an_editor_corrects_publishes_and_retires_and_every_change_is_kept(either: Database) -> None:
    await closed(either, "小票打印不出来", "重启")
    articles, knowledge = ArticleSearch(either.address), KnowledgeEditing(either, organisation())
    fields = {"title": "打印服务没有响应", "solution": "按住电源键，王芳的电话13800138000", "product": ""}
    await knowledge.edit("kb1", by=EDITOR, at=MONDAY, fields=fields)
    await knowledge.publish("KB0001", by=EDITOR, at=MONDAY + MINUTE)
    assert (await articles.get("1"))["solution"] == "按住电源键，[客户]的[电话]"
    assert await found(either, "电源键") == ["打印服务没有响应"]
    await knowledge.retire("KB0001", by=EDITOR, at=MONDAY + 2 * MINUTE, why="新版本已修复")
    assert await found(either, "电源键") == []
    kept = await articles.get("KB0001")
    assert (kept["status"], kept["product"]) == ("retired", None)
    assert [(change["what"], change.get("fields"), change.get("why")) for change in kept["changes"]] == [
        ("drafted", None, None),
        ("edited", ["product", "solution", "title"], None),
        ("published", None, None),
        ("retired", None, "新版本已修复"),
    ]
    await knowledge.publish("KB0001", by=EDITOR, at=MONDAY + HOUR)
    assert await found(either, "电源键") == ["打印服务没有响应"]


async def test_two_editors_who_do_the_same_get_the_same_answer_and_the_history_has_it_once(either: Database) -> None:
    await closed(either, "小票打印不出来", "重启")
    articles, knowledge = ArticleSearch(either.address), KnowledgeEditing(either, organisation())
    editors = (EDITOR, "operator")
    await asyncio.gather(*(knowledge.publish("KB0001", by=one, at=MONDAY) for one in editors))
    await asyncio.gather(*(knowledge.retire("KB0001", by=one, at=MONDAY + HOUR, why="新版本") for one in editors))
    kept = await articles.get("KB0001")
    assert [change["what"] for change in kept["changes"]] == ["drafted", "published", "retired"]


@pytest.mark.parametrize(
    ("what", "said"),
    [
        (("publish", "KB0009", {}), "KB0009: there is no such article"),
        (("publish", "FB1", {}), "'FB1' names no article"),
        (("publish", "KB99999999999999999999", {}), "names no article"),
        (("edit", "KB0001", {"fields": {}}), "nothing to change; give at least one of title"),
        (("edit", "KB0001", {"fields": {"title": " "}}), "title is empty"),
    ],
)
async def test_a_change_that_cannot_be_made_gets_one_line(
    database: Database, what: tuple[str, str, dict[str, Any]], said: str
) -> None:
    await closed(database, "小票打印不出来")
    name, key, options = what
    with pytest.raises(Problem, match=said) as caught:
        await getattr(KnowledgeEditing(database, organisation()), name)(key, by=EDITOR, at=MONDAY, **options)
    assert "\n" not in str(caught.value)


async def test_a_draft_that_an_editor_worked_on_is_not_drafted_again(either: Database) -> None:
    number = await register_case(either, description={"symptom": "打不出小票"})
    case, events = open_case()
    events += case.handle(command("resolve", AGENT, cause="c", solution="重启", verified="yes"), MONDAY)
    events += case.handle(command("confirm", "customer"), MONDAY)
    events += case.handle(command("rate", "customer", score="satisfied"), MONDAY)
    step = step_of(case, events, number)
    await recording_of(either).record(step)
    await KnowledgeEditing(either, organisation()).edit("KB0001", by=EDITOR, at=MONDAY, fields={"title": "新的标题"})
    await recording_of(either).record(step)
    assert [one["title"] for one in await ArticleSearch(either.address).list()] == ["新的标题"]


async def test_a_database_of_the_first_release_keeps_its_cases_and_begins_to_learn(either_url: str) -> None:
    database = Database.open(either_url)
    async with database.begin() as connection:
        await connection.run_sync(_to_first_schema)
    async with database.begin() as connection:
        for statement in _FIRST_RELEASE:
            await connection.execute(text(statement), _WRITTEN)
    assert await database.revision() == "0001"
    await database.migrate()
    assert await database.revision() == HEAD
    file = await Cases(database).get("FB202405050001")
    assert file is not None
    assert file.form["product"] == "收银台"
    async with database.read() as connection:
        assert await connection.scalar(select(func.count()).select_from(timeline)) == 1
    await closed(database, "小票打印不出来")
    assert await found(database, "小票") == ["小票打印不出来"]
    await database.close()


def _to_first_schema(connection: Connection) -> None:
    upgrade(connection, "0001")


_WRITTEN = {"form": json.dumps({"product": "收银台"})}
_FIRST_RELEASE = (
    "INSERT INTO registration (number, channel, form, received_at) VALUES ('FB202405050001', 'portal', "
    ":form, '2024-05-05 01:00:00')",
    "INSERT INTO timeline (number, sequence, at, kind, \"by\", detail, recorded_at) VALUES ('FB202405050001', 1, "
    "'2024-05-05 01:00:00', 'created', 'system', :form, '2024-05-05 01:00:00')",
)


@given(st.text(max_size=60))
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_the_index_gets_nothing_but_letters_and_digits(anything: str) -> None:
    for word in words_of(anything):
        assert word
        assert word.isalnum() or not any(char in word for char in "\"' *()^:-+{}\x00")
        assert len(word) <= 40


def test_the_sentence_that_was_written_is_cut_the_way_it_is_searched() -> None:
    assert words_of("扫码付款, API调用 404！Prints printed printing") == [
        "扫码", "码付", "付款", "api", "调用", "404", "print", "print", "print",
    ]  # fmt: skip


async def test_an_editor_corrects_type_and_subtype_within_the_policy(either: Database) -> None:
    key = await key_of(either, await closed(either, "收银台打不出小票"))
    knowledge = KnowledgeEditing(either, organisation(), load_policy("standard"))

    async def edited(**fields: str) -> tuple[str, str | None]:
        await knowledge.edit(key, by=EDITOR, at=MONDAY + HOUR, fields=fields)
        article = await ArticleSearch(either.address).get(key)
        return article["type"], article["subtype"]

    assert await edited(subtype="硬件故障") == ("technical", "硬件故障")
    assert await edited(type="服务投诉", subtype="退款") == ("service", "退款")
    assert await edited(type="technical") == ("technical", None), "a subtype of another type goes with it"
    assert await edited(product="收银台") == ("technical", None)
    assert await edited(subtype="硬件故障", product="") == ("technical", "硬件故障")
    assert await edited(subtype="") == ("technical", None)
    for fields, words in (
        ({"type": "repair"}, "type 'repair' is not in the policy; allowed: technical, service"),
        ({"subtype": "退款"}, "subtype '退款' of technical is not in the policy; allowed: 功能障碍"),
        ({"type": " "}, "type is empty"),
    ):
        with pytest.raises(Problem, match=words):
            await edited(**fields)
    changes = (await ArticleSearch(either.address).get(key))["changes"]
    assert changes[2]["fields"] == ["subtype", "type"]
