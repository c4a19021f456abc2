"""The page of one case for the staff: who sees it, and what becomes of a form that comes late (R45, R48)."""

from __future__ import annotations

import pytest

from starter.web.staff.app import PAGES
from tests.builders import NUMBER
from tests.starter.web.browser import forms_of
from tests.starter.web.conftest import Portal
from tests.starter.web.staff_door import act, action_form, signed_in

_CASE = f"/desk/cases/{NUMBER}"


@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_the_page_has_the_case_and_what_is_open_to_whoever_looks(portal: Portal, language: str) -> None:
    owner = await signed_in(portal, "tech-001", **{"Accept-Language": language})
    await owner.client.get(f"{_CASE}?lang={'en' if language == 'en' else 'zh_CN'}")
    text = await owner.open(_CASE)
    assert owner.status == 200, text
    for said in (NUMBER, "在查同步任务", "已扩容并补同步", "tech-001"):
        assert said in text
    assert action_form(owner, "note") is not None
    assert action_form(owner, "reply") is None
    follower = await signed_in(portal, "followup-001")
    text = await follower.open(_CASE)
    assert follower.status == 200, text
    assert action_form(follower, "confirm") is not None
    assert text.index('value="confirm"') < text.index('value="note"'), "what is asked of them comes first"


async def test_whoever_the_case_is_none_of_sees_the_same_as_for_no_case(portal: Portal) -> None:
    stranger = await signed_in(portal, "sales-001")
    answers = []
    for path in (_CASE, "/desk/cases/FB209912310001"):
        text = await stranger.open(path)
        answers.append((stranger.status, text.replace(path, "")))
    assert answers[0] == answers[1]
    assert answers[0][0] == 404
    for path in (f"{_CASE}/files/x", f"{_CASE}/files/x/small"):
        await stranger.open(path)
        assert stranger.status == 404
    for path in ("act", "files", "review"):
        await stranger.post(f"{_CASE}/{path}", {"command": "note", "text": "x", "do": "approve"})
        assert stranger.status in {403, 404}


async def test_a_form_of_another_page_or_browser_does_nothing_and_loses_nothing(portal: Portal) -> None:
    owner = await signed_in(portal, "tech-001")
    await owner.open(_CASE)
    form = action_form(owner, "note")
    assert form is not None
    fields = {**form.fields, "text": "两千字的备注", "csrf": "0" * 64}
    text = await owner.post(form.action, fields)
    assert owner.status == 403
    assert "两千字的备注" in text
    again = action_form(owner, "note")
    assert again is not None
    assert again.fields["text"].strip() == "两千字的备注"
    answer = await owner.client.post(form.action, data=form.fields, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    answer = await owner.client.post(form.action, data=form.fields, headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403
    out = portal.browser()
    text = await out.post(form.action, {**form.fields, "text": "两千字的备注"})
    assert out.status == 401
    assert "两千字的备注" in text


async def test_what_is_not_open_any_more_is_told_and_what_was_typed_is_kept(portal: Portal) -> None:
    owner = await signed_in(portal, "tech-001")
    await owner.open(_CASE)
    note = action_form(owner, "note")
    assert note is not None
    text = await owner.post(note.action, {**note.fields, "command": "reply", "text": "迟到的答复"})
    assert owner.status == 409
    assert "迟到的答复" in text
    text = await owner.post(note.action, {**note.fields, "command": "drop table", "text": "x"})
    assert owner.status == 422


async def test_a_case_that_moved_on_is_shown_before_anything_is_sent(portal: Portal) -> None:
    follower = await signed_in(portal, "followup-001")
    await follower.open(_CASE)
    text = await act(follower, "refuse", seen="1", why="客户说还是不行", heard="telephone")
    assert follower.status == 409
    assert "客户说还是不行" in text
    form = action_form(follower, "refuse")
    assert form is not None
    assert form.fields["why"].strip() == "客户说还是不行"


async def test_without_temporal_what_was_typed_is_kept(portal: Portal) -> None:
    owner = await signed_in(portal, "tech-001")
    await owner.open(_CASE)
    text = await act(owner, "note", text="现在发不出去")
    assert owner.status == 503, text
    form = action_form(owner, "note")
    assert form is not None
    assert form.fields["text"].strip() == "现在发不出去"


async def test_what_an_outage_means_is_said_in_ones_language_and_its_cause_only_to_who_sees_all(portal: Portal) -> None:
    told = {}
    for person in ("tech-001", "director"):
        browser = await signed_in(portal, person)
        await browser.open(_CASE)
        await act(browser, "note", text="现在发不出去")
        told[person] = browser.page.text.partition('data-told="outage"')[2].partition("</div>")[0]
        assert "您填写的内容都在" in told[person]
        note = action_form(browser, "note")
        assert note is not None
        await browser.post(f"{_CASE}/review", {**note.fields, "do": "approve"})
        assert browser.status == 503, "no refusal: it may go well in a moment"
    assert "Temporal" not in told["tech-001"]
    assert '<p class="small" lang="en">' in told["director"] and "Temporal" in told["director"]


async def test_nobody_believes_that_a_file_is_kept_which_an_outage_kept_from_its_case(portal: Portal) -> None:
    owner = await signed_in(portal, "tech-001")
    await owner.open(_CASE)
    form = next(form for form in forms_of(owner.page.text) if form.action.endswith("/files"))
    answer = await owner.client.post(form.action, data=form.fields, files={"file": ("a.txt", b"x", "text/plain")})
    assert answer.status_code == 503
    assert "重新选择文件" in answer.text
    assert "您填写的内容都在" not in answer.text


async def test_a_form_that_comes_back_and_is_changed_is_not_taken_for_the_one_that_was_sent(portal: Portal) -> None:
    """By the back button: what was typed the second time would be lost, and said to be done."""
    owner = await signed_in(portal, "tech-001")
    await owner.open(_CASE)
    form = action_form(owner, "note")
    assert form is not None
    first, second = ({**form.fields, "text": text} for text in ("第一次写的", "第二次写的"))
    await owner.post(form.action, first)
    assert owner.status == 503, "no Temporal here"
    await portal.case.send("note", "tech-001", text="第一次写的", command_id=f"tech-001:{form.fields['once']}")
    await owner.post(form.action, first)
    assert owner.status == 200
    await owner.post(form.action, second)
    assert owner.status == 409
    kept = action_form(owner, "note")
    assert kept is not None
    assert kept.fields["text"].strip() == "第二次写的"
    assert kept.fields["once"] != form.fields["once"]


async def test_text_of_strangers_is_text(portal: Portal) -> None:
    owner = await signed_in(portal, "tech-001")
    await owner.open(_CASE)
    for nasty in ("<script>alert(1)</script>", "{{ 7 * 7 }}", "' OR 1=1 --", "\x00\u202e"):
        text = await act(owner, "note", text=nasty)
        assert owner.status in {422, 503}, text
        assert "<script>" not in text
        assert "{{" not in nasty or nasty in text
    for number in ("%27%20OR%201=1", "..%2F..", "FB2024" * 40, "%00"):
        await owner.open(f"/desk/cases/{number}")
        assert owner.status == 404


async def test_whoever_comes_late_is_told_who_did_what_meanwhile(portal: Portal) -> None:
    follower = await signed_in(portal, "followup-001")
    await follower.open(_CASE)
    form = action_form(follower, "refuse")
    assert form is not None
    await portal.case.send("note", "tech-001", text="客户刚来过电话")
    await portal.case.send("note", "followup-001", text="自己在另一个窗口里写的")
    text = await follower.post(form.action, {**form.fields, "why": "客户说还是不行", "heard": "telephone"})
    assert follower.status == 409
    notice = text.partition('class="notice bad"')[2].partition("</div>")[0]
    assert "客户刚来过电话" in notice
    assert "自己在另一个窗口里写的" in notice
    assert "tech-001" in notice
    assert "已扩容并补同步" not in notice, "what was on the page already is no news"


async def test_whoever_is_signed_out_while_typing_comes_back_to_the_case_with_the_text(portal: Portal) -> None:
    owner = await signed_in(portal, "tech-001")
    await owner.open(_CASE)
    note = action_form(owner, "note")
    assert note is not None
    out = portal.browser()
    await out.post(note.action, {**note.fields, "text": "写了一半的备注"})
    assert f'href="/sign-in?to={_CASE}"' in out.page.text
    assert "再次发送" in out.page.text
    text = await portal.browser().post(f"{_CASE}/files", {"once": "0" * 24})
    assert "再次发送" not in text, "no file is kept, and nobody is told so"
    kept = next(form for form in forms_of(out.page.text) if form.action == note.action)
    await portal.case.send("note", "tech-002", text="有人先写了一条")
    text = await owner.post(kept.action, kept.fields)
    assert owner.status == 403, "the form came from no page of this session: it is shown once more, filled in"
    again = action_form(owner, "note")
    assert again is not None and again.fields["text"].strip() == "写了一半的备注", text
    assert "有人先写了一条" in text.partition('data-told="old"')[2].partition("</div>")[0], "else nobody would say so"


async def test_a_long_life_is_told_page_by_page_and_no_page_is_too_large(portal: Portal) -> None:
    for count in range(45):
        await portal.case.send("note", "tech-001", text=f"第{count}条" + "永" * 900)
    owner = await signed_in(portal, "tech-001")
    seen, path = "", f"{_CASE}"
    for _ in range(30):
        text = await owner.open(path)
        assert len(text.encode()) < 100_000
        seen += text
        if 'rel="next"' not in text:
            break
        path = text.partition('rel="next" href="')[2].partition("#")[0]
    assert all(f"第{count}条" in seen for count in range(45))
    assert "没有登录" not in seen
    await owner.open(f"{_CASE}?before=x")
    assert owner.status == 200


async def test_what_is_refused_is_named_with_the_reason(portal: Portal) -> None:
    follower = await signed_in(portal, "followup-001", **{"Accept-Language": "en"})
    text = await follower.open(f"{_CASE}?lang=en")
    refused = text.partition('class="refused"')[2].partition("</ul>")[0]
    assert "Escalate" in refused
    assert "the owner" in refused


@pytest.mark.parametrize("kind", ["nobody", "stranger", "of no case"])
async def test_every_page_refuses_who_may_not_come(portal: Portal, kind: str) -> None:
    browser = portal.browser() if kind == "nobody" else await signed_in(portal, "sales-001")
    number = NUMBER if kind != "of no case" else "FB209912310001"
    for one in PAGES:
        if one.needs == "anybody" or (kind != "nobody" and one.needs == "signed_in"):
            continue
        path = one.path.format(number=number, id="x", key="KB0001")
        answer = await browser.client.request(
            one.method, path, data={"command": "note"} if one.method == "POST" else None
        )
        if kind != "nobody":
            assert answer.status_code == 404, (path, answer.status_code)
        elif one.method == "GET" and answer.status_code != 401:  # as a stream answers, which nobody reads
            assert answer.headers["location"].startswith("/sign-in"), path
        else:
            assert answer.status_code == 401, path
