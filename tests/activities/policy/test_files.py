"""A mistake in a company's own file: one line that says where, what, and what is allowed."""

from __future__ import annotations

import importlib.resources
from pathlib import Path

import pytest

from activities.organisation.loading import load_organisation, sample_organisation
from activities.policy.loading import SHIPPED, load_policy
from workflows.domain.organisation.assignment import mismatches
from workflows.domain.problem import Problem
from workflows.domain.vocabulary import ClockName, Priority


def shipped(package: str, name: str) -> str:
    return importlib.resources.files(package).joinpath(name).read_text("utf-8")


@pytest.fixture
def own_policy(tmp_path: Path) -> Path:
    path = tmp_path / "own.toml"
    path.write_text(shipped("activities.policy", "standard.toml"), "utf-8")
    return path


def change(path: Path, before: str, after: str) -> None:
    text = path.read_text("utf-8")
    assert before in text
    path.write_text(text.replace(before, after, 1), "utf-8")


def fault_of(path: Path) -> str:
    with pytest.raises(Problem) as caught:
        load_policy(path)
    return str(caught.value)


def test_a_copied_policy_works_without_touching_code(own_policy: Path) -> None:
    change(own_policy, 'name = "standard"', 'name = "ours"')
    change(own_policy, 'response = { within = "15m"', 'response = { within = "10m"')
    ours = load_policy(own_policy)
    levels, shipped_levels = ours.levels(), load_policy("standard").levels()
    assert ours.name == "ours"
    assert levels.pop(Priority.P0).clocks[ClockName.RESPONSE].within == 600
    assert shipped_levels.pop(Priority.P0).clocks[ClockName.RESPONSE].within == 900
    assert levels == shipped_levels


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (
            'response = { within = "15m"',
            'response = { within = "15 minutes"',
            "priorities.P0.clocks.response.within: '15 minutes' is no duration; allowed: a number with its unit",
        ),
        (
            'claim = { within = "5m", calendar = "round_the_clock" }',
            'claim = { within = "5m", calendar = "weekdays" }',
            "priorities.P0.clocks.claim.calendar: 'weekdays' is not known; "
            "allowed: round_the_clock, working_days, business_hours",
        ),
        (
            "warnings = [0.5, 0.8]",
            "warnings = [50]",
            "priorities.P0.clocks.response.warnings[0]: 50: input should be less than 1",
        ),
        (
            "dispatch_incomplete = true",
            "dispach_incomplete = true",
            "priorities.P0.dispach_incomplete: is not known; "
            "allowed: labels, description, dispatch_incomplete, alert_duty_manager, clocks",
        ),
        (
            '\nafter = "30d"',
            '\nafter = "400d"',
            "archive: mask_after 365d is less than after 400d; allowed: at least as much",
        ),
        (
            '\nafter = "30d"',
            "",
            "archive: mask_after without after; allowed: only what is archived is masked, so both or none",
        ),
        (
            "{ on = 1, ",
            "{ on = 31, ",
            "report.monthly.on: 31 is no day that every month has; allowed: 1 to 28",
        ),
        (
            '{ on = "monday", ',
            '{ on = "moonday", ',
            "report.weekly.on: 'moonday' is not known; "
            "allowed: monday, tuesday, wednesday, thursday, friday, saturday, sunday",
        ),
        (
            "recipients = []",
            'recipients = ["director", "王 总"]',
            "report.recipients[1]: '王 总' is neither a person's id nor a mail address; "
            "allowed: such as director, a@example.com",
        ),
        (
            "recipients = []",
            'recipients = ["director", "director"]',
            "report: recipients: 'director' is there twice; allowed: once",
        ),
        (
            'by = ["department"]',
            'by = ["mood"]',
            "report.by[0]: 'mood' is not known; allowed: type, priority, channel, department, product, owner",
        ),
        (
            'at = "02:30"',
            'at = "2:30 am"',
            "archive.at: '2:30 am' is no time of day; allowed: such as 02:30",
        ),
        (
            'department = "technical_support"\n',
            "",
            "types[technical].department: is missing",
        ),
        (
            'neutral = "close"',
            'neutral = "ignore"',
            "rating.neutral: 'ignore' is not known; allowed: close, reopen",
        ),
        (
            'zone = "Asia/Shanghai"',
            'zone = "Beijing"',
            "calendar.zone: 'Beijing' is no time zone; allowed: an IANA name such as Asia/Shanghai",
        ),
        (
            'every = ["1d", "2d"], calendar',
            'every = ["2d", "1d"], calendar',
            "reminders.supplement: every: intervals shrink; allowed: each at least as long as the one before",
        ),
        ('default_type = "other"', 'default_type = "misc"', "default_type: 'misc' is no type; allowed: technical,"),
        (
            'required = ["description.symptom"]',
            'required = ["symptom"]',
            "completeness.required[0]: 'symptom' is not known; allowed: customer.company, product",
        ),
        ("attachments = 5", 'attachments = "five"', "limits.attachments: 'five' is no whole number"),
        (
            '{ id = "功能障碍", en =',
            '{ id = "功能障碍", english =',
            "subtypes[功能障碍].english: is not known; allowed: id, en",
        ),
        ("extra_holidays = []", "extra_holidays = [2026-13-01]", "is no TOML"),
        ('name = "standard"', "name = standard", "(at line 16, column 8)"),
    ],
)
def test_a_mistake_is_named_with_file_key_and_what_is_allowed(
    own_policy: Path, before: str, after: str, said: str
) -> None:
    change(own_policy, before, after)
    fault = fault_of(own_policy)
    assert fault.startswith(f"{own_policy}: ")
    assert said in fault
    assert "\n" not in fault


def test_all_mistakes_are_named_at_once(own_policy: Path) -> None:
    change(own_policy, 'within = "15m"', 'within = "soon"')
    change(own_policy, 'neutral = "close"', 'neutral = "ignore"')
    assert [line.split(": ")[1] for line in fault_of(own_policy).splitlines()] == [
        "priorities.P0.clocks.response.within",
        "rating.neutral",
    ]


def test_an_unknown_policy_names_those_that_ship(tmp_path: Path) -> None:
    assert SHIPPED == ("feedback", "standard")
    assert "there is no such policy; allowed: feedback, standard or a TOML file" in fault_of(tmp_path / "stanard")


def test_a_file_that_is_no_text_or_no_file_is_said_so(tmp_path: Path) -> None:
    path = tmp_path / "gbk.toml"
    path.write_bytes('name = "ok"\ntitles = "标准"\n'.encode("gbk"))
    assert "line 2: is no UTF-8" in fault_of(path)
    assert "cannot be read" in fault_of(tmp_path)


def test_a_file_saved_on_windows_is_read(own_policy: Path) -> None:
    own_policy.write_bytes(b"\xef\xbb\xbf" + own_policy.read_bytes().replace(b"\n", b"\r\n"))
    assert load_policy(own_policy) == load_policy("standard")


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_policy_fits_the_sample_organisation(name: str) -> None:
    assert mismatches(load_policy(name), sample_organisation()) == []


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (
            'group = "service-desk"',
            'group = "desk"',
            "people[service-lead].group: 'desk' is no group; allowed: service-",
        ),
        ('head = "tech-head"', 'head = "nobody"', "departments[technical_support].head: 'nobody' is nobody in people"),
        ('roles = ["head"]', 'roles = ["boss"]', "people[director].roles[0]: 'boss' is not known; allowed: agent"),
        ('weekdays = ["monday",', 'weekdays = ["mon",', "duty[0].weekdays[0]: 'mon' is not known; allowed: monday"),
        ("name_en = ", "name_english = ", "company.name_english: is not known; allowed: name, name_en, hotline"),
        (
            '"director@example.com"',
            '"主任@example.com"',
            "people[director].email: '主任@example.com' is no mail address: ",
        ),
        ('"service@example.com"', '"service@"', "company.email: 'service@' is no mail address: "),
    ],
)
def test_a_mistake_in_the_organisation_file_is_named_too(tmp_path: Path, before: str, after: str, said: str) -> None:
    path = tmp_path / "people.toml"
    path.write_text(shipped("activities.organisation", "sample.toml"), "utf-8")
    change(path, before, after)
    with pytest.raises(Problem) as caught:
        load_organisation(path)
    assert said in str(caught.value)
