"""A whole life by a customer's own hands in a real browser, in both languages, every page looked at on the way."""

from __future__ import annotations

import asyncio
import io
import re
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from PIL import Image, ImageDraw
from playwright.async_api import Browser, FileChooser

from activities.rendering.labels import satisfaction_scale
from tests.browser.visitor import WIDTHS, Visitor, visiting
from tests.starter.web.office import Office
from workflows.domain.vocabulary import Locale

pytestmark = pytest.mark.xdist_group("browser")


_DIGITS = re.compile(r"^\d{6}$", re.MULTILINE)


@dataclass(frozen=True)
class _Customer:
    """What one types, and words of the mails that they get."""

    name: str
    email: str
    symptom: str
    product: str
    steps: str
    solutions: tuple[str, str, str]
    still_wrong: str
    supply: str
    confirm: str


_CUSTOMERS = {
    Locale.ZH_CN: _Customer(
        "林晓", "linxiao@example.com", "登录后页面一直空白，没有任何提示", "管理后台", "打开网址，输入账号，登录",
        ("已清除缓存", "已换服务器", "已修好证书"), "还是空白", "专属页面上补充", "专属页面上告诉",
    ),
    Locale.EN: _Customer(
        "Maya Lindqvist", "maya@example.com", "After signing in the page stays white, without any message",
        "Back office", "Opened the address, entered my account, signed in",
        ("Cache cleared", "Moved to a new server", "Certificate repaired"),
        "It is still white", "Give us this information", "Tell us on your page",
    ),
}  # fmt: skip


def _picture(kind: str) -> bytes:
    """A screenshot with a message, or a photograph that says where it was taken."""
    image = Image.new("RGB", (1200, 800), "#eef2f6")
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, 1200, 90), fill="#1d5fa8")
    draw.rectangle((300, 260, 900, 540), fill="white", outline="#8a9095", width=4)
    draw.text((360, 360), "Error 500", fill="#b3221a", font_size=72)
    written = io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "31.2304 N, 121.4737 E"
    image.save(written, kind, exif=exif)
    return written.getvalue()


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("pictures")
    files = [folder / "屏幕 1.png", folder / "screen 2.jpg"]
    for file, kind in zip(files, ("PNG", "JPEG"), strict=True):
        file.write_bytes(_picture(kind))
    return files


async def _refused_form(visitor: Visitor) -> None:
    """Nothing filled in: each fault is named, and its words lead to the field."""
    words = visitor.words
    await visitor.open("/")
    await visitor.look("home")
    await visitor.page.get_by_role("link", name=words["home"]["new"]).click()
    await visitor.look("new")
    await visitor.press(words["new"]["go_on"])
    await visitor.says(words["site"]["errors"])
    await visitor.look("new-errors")
    await visitor.page.locator(".errors").get_by_role("link", name=words["fault"]["name"]).click()
    assert await visitor.page.evaluate("document.activeElement.id") == "name"


async def _fill_in(visitor: Visitor, customer: _Customer, pictures: list[Path]) -> None:
    page = visitor.page
    await page.fill("#symptom", customer.symptom)
    await page.fill("#product", customer.product)
    await page.set_input_files("#files", pictures)
    await page.fill("#name", customer.name)
    await page.fill("#email", customer.email)
    await page.check("#contact-email")
    await visitor.press(visitor.words["new"]["go_on"])


async def _fill_in_by_keyboard(visitor: Visitor, customer: _Customer, pictures: list[Path]) -> None:
    """From the top of the page, without a mouse."""
    page, keyboard = visitor.page, visitor.page.keyboard
    chosen: asyncio.Future[FileChooser] = asyncio.get_running_loop().create_future()
    page.once("filechooser", lambda chooser: chosen.set_result(chooser))  # noqa: PLW0108 - no built-in
    await visitor.open("/")
    await keyboard.press("Tab")
    await keyboard.press("Enter")  # to the content, past the head of the page
    await keyboard.press("Tab")
    await keyboard.press("Enter")
    await page.wait_for_url("**/new")
    for field, text in (("symptom", customer.symptom), ("product", customer.product)):
        await visitor.tab_to(field)
        await keyboard.insert_text(text)
    await visitor.tab_to("files")
    await keyboard.press("Enter")
    await (await chosen).set_files(pictures)
    await visitor.tab_to("name")
    await keyboard.insert_text(customer.name)
    await visitor.tab_to("email")
    await keyboard.insert_text(customer.email)
    await visitor.tab_to("contact-email")
    await keyboard.press("Space")
    await visitor.tab_to("check")
    await keyboard.press("Enter")


async def _sent(visitor: Visitor) -> str:
    """Check the answers, send them; answers the number."""
    words, page = visitor.words, visitor.page
    await visitor.says(words["check"]["title"])
    await visitor.look("check")
    await visitor.press(words["check"]["send"])
    if await page.locator("#person").count():  # quicker than a person
        await visitor.look("check-person")
        await page.check("#person")
        await visitor.press(words["check"]["send"])
    assert visitor.path == "/new/done", await visitor.text()
    await visitor.look("done")
    return await page.inner_text(".number")


async def _sees_and_loads_pictures(visitor: Visitor, pictures: list[Path]) -> None:
    await visitor.follow(visitor.words["done"]["follow"])
    for file in pictures:
        shown = visitor.page.get_by_role("img", name=file.name)
        assert await shown.evaluate("one => one.naturalWidth") > 0, file
        async with visitor.page.expect_download() as loading:
            await visitor.link(file.name).click()
        loaded = await loading.value
        assert loaded.suggested_filename == file.name
        assert await visitor.bytes_of(loaded) == file.read_bytes()
    await visitor.look("case-received")


async def _supplies(visitor: Visitor, office: Office, number: str, customer: _Customer) -> None:
    words, page = visitor.words, visitor.page
    await visitor.open(await office.link(number, customer.supply))
    assert visitor.path == "/case"  # the token is in the address no more
    await visitor.look("case-asked")
    await visitor.follow(words["case"]["supply"])
    await visitor.look("supply")
    await visitor.press(words["supply"]["send"])
    await visitor.says(words["supply"]["nothing_given"])
    await visitor.look("supply-errors")
    await page.locator("[id='field:description.steps']").fill(customer.steps)
    when = page.locator("[id='field:occurred_at']")
    if await when.count():
        await when.fill("2026-05-11T09:20")
    await visitor.press(words["supply"]["send"])
    await visitor.says(words["thanks"]["supply"])
    await visitor.look("case-supplied")
    await office.up.until_case(number, lambda case: case["owner"] is not None)


async def _solved(office: Office, number: str, customer: _Customer, time: int) -> str:
    """The handler's work, after as many refusals; answers the link of the mail about it."""
    await office.up.until_case(number, lambda case: case["reopened"] == time)
    solution = customer.solutions[time]
    await office.solve(number, solution)
    return await office.link(number, f"{solution}(.|\n)*{customer.confirm}")


async def _refuses(visitor: Visitor, link: str, customer: _Customer) -> None:
    words = visitor.words
    await visitor.open(link)
    await visitor.says(customer.solutions[0])
    await visitor.look("case-confirm")
    await visitor.press(words["case"]["no"])
    await visitor.look("act-refuse")
    await visitor.confirm(words["act"]["refuse"]["sure"])
    await visitor.says(words["act"]["why_wanted"])
    await visitor.look("act-refuse-errors")
    await visitor.page.fill("#text", customer.still_wrong)
    await visitor.confirm(words["act"]["refuse"]["sure"])
    await visitor.says(words["thanks"]["refuse"])
    await _is_told_who_calls(visitor)
    await visitor.look("case-refused")


async def _is_told_who_calls(visitor: Visitor) -> None:
    said = re.escape(visitor.words["thanks"]["call_by"])
    promise = said.replace(r"\{who\}", ".+").replace(r"\{time\}", r".*\d\d:\d\d.*")
    assert re.search(promise, await visitor.text()), await visitor.text()


async def _confirms_and_rates_badly(visitor: Visitor, link: str) -> None:
    words = visitor.words
    await visitor.open(link)
    await visitor.press(words["case"]["yes"])
    await visitor.look("act-confirm")
    await visitor.confirm(words["act"]["confirm"]["sure"])
    await visitor.says(words["thanks"]["confirm"])
    await visitor.look("case-rate")
    await visitor.press(satisfaction_scale(visitor.locale)["dissatisfied"])
    await visitor.look("act-rate")
    await visitor.confirm(words["act"]["rate"]["sure"])
    await visitor.says(words["thanks"]["rate"])
    await _is_told_who_calls(visitor)
    await visitor.look("case-rated-badly")


async def _lets_in_by_code(visitor: Visitor, office: Office, number: str, customer: _Customer) -> None:
    """Another telephone, without a link."""
    words, page = visitor.words, visitor.page
    await visitor.open("/case")
    await visitor.look("follow")
    await page.fill("#number", number)
    await page.fill("#contact", "nobody@example.com")
    await visitor.press(words["follow"]["go"])
    await visitor.says(words["follow"]["unknown"])
    await visitor.look("follow-errors")
    await page.fill("#contact", customer.email)
    await visitor.press(words["follow"]["go"])
    await visitor.says(number)
    await visitor.look("case-by-number")
    await visitor.follow(words["case"]["get_code"])
    await visitor.look("code")
    await visitor.press(words["code"]["send"])
    await page.fill("#code", "12")
    await visitor.press(words["code"]["go"])
    await visitor.says(words["code"]["wrong"])
    await visitor.look("code-errors")
    found = re.search(_DIGITS, (await office.letters(number, _DIGITS))[-1])
    assert found
    await page.fill("#code", found[0])
    await visitor.press(words["code"]["go"])
    assert visitor.path == "/case", await visitor.text()


async def _confirms_rates_and_corrects(visitor: Visitor) -> None:
    """By the code, without a link; the correction comes after the case has closed."""
    words, scale = visitor.words, satisfaction_scale(visitor.locale)
    await visitor.press(words["case"]["yes"])
    await visitor.confirm(words["act"]["confirm"]["sure"])
    await visitor.press(scale["neutral"])
    await visitor.page.fill("#text", words["case"]["step2"])
    await visitor.confirm(words["act"]["rate"]["sure"])
    await visitor.says(words["case"]["rated"])
    await visitor.look("case-rated")
    await visitor.page.locator("summary").click()
    await visitor.look("case-correct")
    await visitor.press(scale["satisfied"])
    await visitor.confirm(words["act"]["rate"]["sure"])
    await visitor.says(words["case"]["your_rating"].format(score=scale["satisfied"]))
    await visitor.look("case-corrected")


@pytest.mark.parametrize("judged", [(), pytest.param(WIDTHS, marks=pytest.mark.drill)], ids=["once", "everywhere"])
@pytest.mark.parametrize("locale", list(Locale))
async def test_a_customer_s_whole_life_on_a_telephone_works_and_can_be_read_by_everybody(
    chromium: Browser, office: Office, pictures: list[Path], locale: Locale, judged: tuple[int, ...]
) -> None:
    """Axe judges each page at one width, in a drill at all of them."""
    customer = _CUSTOMERS[locale]
    theirs = replace(office, customer=customer.email)
    async with visiting(chromium, office.up.pages, locale, judged=judged) as visitor:
        await _refused_form(visitor)
        by_hand = _fill_in_by_keyboard if locale is Locale.ZH_CN else _fill_in
        await by_hand(visitor, customer, pictures)
        number = await _sent(visitor)
        await _sees_and_loads_pictures(visitor, pictures)
        await _supplies(visitor, theirs, number, customer)

        first = await _solved(theirs, number, customer, 0)
        await _refuses(visitor, first, customer)
        await visitor.open(first)
        await visitor.says(visitor.words["follow"]["link_title"])
        await visitor.look("link-void")
        await _confirms_and_rates_badly(visitor, await _solved(theirs, number, customer, 1))
        await visitor.open("/privacy")
        await visitor.look("privacy")
        await visitor.open("/nowhere")
        await visitor.look("nowhere")
        await visitor.ends()
    async with visiting(chromium, office.up.pages, locale, judged=judged) as visitor:
        await _solved(theirs, number, customer, 2)
        await _lets_in_by_code(visitor, theirs, number, customer)
        await _confirms_rates_and_corrects(visitor)
        await visitor.ends()
    case = await office.up.case(number)
    assert (case["status"], case["satisfaction"], case["reopened"]) == ("closed", "satisfied", 2)
    told = [entry["via"] for entry in case["timeline"] if entry["kind"] == "rated"]
    assert told == ["link", "code", "code"]


async def test_without_scripts_everything_works_as_well(
    chromium: Browser, office: Office, pictures: list[Path]
) -> None:
    customer = replace(_CUSTOMERS[Locale.ZH_CN], name="何川", email="hechuan@example.com")
    theirs = replace(office, customer=customer.email)
    async with visiting(chromium, office.up.pages, Locale.ZH_CN, script=False) as visitor:
        words = visitor.words
        await visitor.open("/new")
        await _fill_in(visitor, customer, pictures)
        number = await _sent(visitor)
        await visitor.follow(words["done"]["follow"])
        await visitor.press(words["case"]["leave"])
        await _lets_in_by_code(visitor, theirs, number, customer)
        await visitor.follow(words["case"]["add"])
        await visitor.page.set_input_files("#files", pictures[1])
        await visitor.press(words["supply"]["send"])
        await visitor.says(words["thanks"]["supply"])
        await visitor.press(words["case"]["withdraw"])
        await visitor.page.fill("#text", "自己解决了")
        await visitor.confirm(words["act"]["withdraw"]["sure"])
        await visitor.says(words["thanks"]["withdraw"])
        await visitor.look("case-withdrawn")
        await visitor.ends()
    await office.up.until_case(number, lambda case: case["status"] == "closed")


async def test_whoever_has_sent_a_result_back_by_mistake_accepts_it_after_all(
    chromium: Browser, office: Office, pictures: list[Path]
) -> None:
    customer = replace(_CUSTOMERS[Locale.ZH_CN], name="沈一", email="shenyi@example.com")
    theirs = replace(office, customer=customer.email)
    async with visiting(chromium, office.up.pages, Locale.ZH_CN) as visitor:
        words = visitor.words
        await visitor.open("/new")
        await visitor.page.fill("#steps", customer.steps)
        await visitor.page.fill("#occurred", "2026-05-11T09:20")
        await visitor.page.check("[name=blocks][value=no]")
        await _fill_in(visitor, customer, pictures[:1])
        number = await _sent(visitor)
        await office.up.until_case(number, lambda case: case["owner"] is not None)
        await visitor.open(await _solved(theirs, number, customer, 0))
        await visitor.press(words["case"]["no"])
        await visitor.page.fill("#text", "按错了")
        await visitor.confirm(words["act"]["refuse"]["sure"])
        await visitor.says(words["thanks"]["refuse"])
        # Its link is void now; the code lets in to what is still possible.
        await visitor.follow(words["case"]["get_code"])
        await visitor.press(words["code"]["send"])
        found = re.search(_DIGITS, (await theirs.letters(number, _DIGITS))[-1])
        assert found
        await visitor.page.fill("#code", found[0])
        await visitor.press(words["code"]["go"])
        after_all = words["case"]["solved_after_all"].partition("{")[0].partition("（")[0]
        await visitor.says(after_all)
        await visitor.look("case-after-all")
        await visitor.page.get_by_role("button", name=after_all).click()
        await visitor.confirm(words["act"]["confirm"]["sure"])
        await visitor.says(words["thanks"]["confirm"])
        await visitor.look("case-accepted-after-all")
        await visitor.ends()
    case = await office.up.until_case(number, lambda case: case["status"] == "awaiting_rating")
    said = [(entry["kind"], entry["via"]) for entry in case["timeline"] if entry["kind"] in {"refused", "confirmed"}]
    assert said == [("refused", "link"), ("confirmed", "code")]
