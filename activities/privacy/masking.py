"""Personal data of a customer, taken out of texts that others will read (R28).

What the form says of the customer is masked wherever it occurs, in whatever width or case it is written; so are
telephone numbers, mail addresses and identity numbers of anybody. Where it is not sure, it masks: an editor can
put back a word, nobody can take back a name.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Any, Final

from activities.phone_number import with_plain_extension
from workflows.domain.model import Json

_ZH: Final = {
    "name": "[客户]", "company": "[公司]", "phone": "[电话]", "email": "[邮箱]", "wechat": "[微信]",
    "other": "[联系方式]", "identity": "[证件号]", "file": "[文件]",
}  # fmt: skip
_EN: Final = {
    "name": "[customer]", "company": "[company]", "phone": "[phone]", "email": "[e-mail]", "wechat": "[WeChat]",
    "other": "[contact]", "identity": "[identity number]", "file": "[file]",
}  # fmt: skip
_OURS: Final = frozenset({*_ZH.values(), *_EN.values()})

_GAP: Final = r"[\s\-.()·—–]*"
_HONORIFICS: Final = "先生|女士|小姐|太太|老师|经理|总监|老板|同学|师傅|医生|教授|主任|总"
_DOUBLE_SURNAMES: Final = (
    "欧阳", "司马", "上官", "诸葛", "夏侯",
    "东方", "皇甫", "尉迟", "公孙", "慕容", "令狐", "司徒", "南宫", "端木", "长孙",
)  # fmt: skip
_LEGAL_FORM: Final = re.compile(
    r"[(（].*?[)）]|股份有限公司$|有限责任公司$|集团有限公司$|有限公司$|集团公司$|分公司$|公司$|集团$"
    r"|[\s,.]+(?:co|ltd|inc|llc|corp|corporation|company|limited|gmbh|plc)\b\.?",
    re.IGNORECASE,
)
_TRADE: Final = re.compile(
    "(?:电子商务|信息技术|网络科技|生物科技|贸易|科技|软件|网络|信息|技术|商贸|实业|投资|咨询|服务|发展|控股|电子|物流|餐饮|文化|传媒|教育|医药|制造)$"
)
_PLACE: Final = re.compile(
    "^(?:[\u4e00-\u9fff]{2,3}?[省市县区]|北京|上海|天津|重庆|广州|深圳|杭州|南京|成都|武汉|苏州)"
)
_SHARED_BOXES: Final = frozenset({"info", "service", "admin", "support", "sales", "office", "mail", "contact", "test"})

_EXTENSION: Final = r"(?:\s*(?:转|分机|ext)[.:\s]*\d{1,7}(?!\d))?"

_ANYBODY: Final = (
    ("email", r"[a-z0-9._%+\-]+@[a-z0-9\-]+(?:\.[a-z0-9\-]+)+"),
    ("identity", r"(?<!\d)[1-9]\d{5}(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])\d{3}[\dx](?!\d)"),
    ("phone", rf"(?<!\d)(?:(?:\+|00)?86{_GAP})?1[3-9]\d(?:[\s\-.]?\d){{8}}(?!\d)"),
    ("phone", rf"(?<!\d)\(?0[1-9]\d{{1,2}}\)?[\s\-]?\d{{7,8}}(?!\d){_EXTENSION}"),
    ("phone", rf"(?<!\d)[48]00[\s\-]?\d{{3,4}}[\s\-]?\d{{3,4}}(?!\d){_EXTENSION}"),
    ("phone", r"(?<!\d)\(?[2-9]\d\d\)?[\s\-.]\d{3}[\s\-.]\d{4}(?!\d)"),
    ("phone", r"(?<![\d+])(?:\+|00)[1-9](?:[\s\-.()]{0,2}\d){7,14}(?!\d)"),
    (
        "phone",
        rf"(?:电话|手机|座机|致电|拨打|\btel\b|\bphone\b)[号码是为:.\s]*\d(?:[\s\-]?\d){{5,12}}(?!\d){_EXTENSION}",
    ),
    ("wechat", r"(?:微信号?|wechat(?:\s?id)?|\bqq号?)\s?[:是为]\s?[a-z0-9][a-z0-9_\-]{4,19}"),
)


class Mask:
    """The mask of one customer. Build it once, use it on every text of the case."""

    def __init__(self, form: Json) -> None:
        """`form` is the intake form; whatever is missing in it or of another type is not looked for."""
        given = form.get("customer")
        customer: dict[str, Any] = given if isinstance(given, dict) else {}
        self._words = _EN if customer.get("locale") == "en" else _ZH
        # The first alternative that fits wins: the customer's own before anybody's, longer before shorter.
        patterns = [*_own(customer), *_ANYBODY]
        self._kinds = [kind for kind, _ in patterns]
        self._pattern = re.compile("|".join(f"({pattern})" for _, pattern in patterns))

    def word(self, kind: str) -> str:
        """What stands in place of a datum of that kind, a key of the form's customer."""
        return self._words[kind]

    def __call__(self, text: str) -> str:
        """The text with a word in brackets in place of each personal datum."""
        folded, origins = _folded(text)
        parts, last = [], 0
        for match in self._pattern.finditer(folded):
            if match.start() == match.end():
                continue
            first, end = origins[match.start()], origins[match.end() - 1] + 1
            parts += [text[last:first], self._words[self._kinds[(match.lastindex or 1) - 1]]]
            last = end
        return "".join([*parts, text[last:]])


def _folded(text: str) -> tuple[str, Sequence[int]]:
    """Narrow, lower-case and without invisible characters, and where in the text each character came from."""
    characters: list[str] = []
    origins: list[int] = []
    for index, char in enumerate(text):
        if unicodedata.category(char) == "Cf":
            continue
        for plain in unicodedata.normalize("NFKC", char).casefold():
            characters.append(plain)
            origins.append(index)
    return "".join(characters), origins


def _own(customer: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Kind and pattern of everything the form says of the customer."""
    # A form that was masked has nothing to look for.
    texts = {key: value for key, value in customer.items() if isinstance(value, str) and value not in _OURS}
    values = {key: _folded(value)[0].strip() for key, value in texts.items()}
    found: list[tuple[str, str]] = []
    if email := values.get("email"):
        found.append((email, "email"))
        local = email.partition("@")[0]
        if len(local) >= 4 and local not in _SHARED_BOXES:
            found.append((local, "email"))
    if wechat := values.get("wechat"):
        found.append((wechat, "wechat"))
    if other := values.get("other"):
        found.append((other, "other"))
        found += [(part, "other") for part in re.findall(r"[a-z0-9._@+\-]{5,}", other)]
    if company := values.get("company"):
        found += [(name, "company") for name in _company_names(company)]
    yield from ((kind, _literal(value)) for value, kind in sorted(found, key=lambda one: -len(one[0])) if value)
    for key in ("phone", "other"):
        number = with_plain_extension(values.get(key, "")).partition(" ext. ")[0]
        digits = re.sub(r"^(?:00)?86(?=\d{10,})", "", re.sub(r"\D", "", number))
        if len(digits) >= 5:
            prefix = rf"(?:(?:\+|00)?86{_GAP})?"
            yield "phone", prefix + _GAP.join(digits)
    if name := values.get("name"):
        yield from (("name", pattern) for pattern in _name_patterns(name))


def _literal(value: str) -> str:
    """The pattern of a text; a space in it may be any, and an ASCII word is not looked for inside a longer one."""
    pattern = r"\s*".join(re.escape(part) for part in value.split())
    before = r"(?<![a-z0-9])" if value[0].isascii() and value[0].isalnum() else ""
    after = r"(?![a-z0-9])" if value[-1].isascii() and value[-1].isalnum() else ""
    return f"{before}{pattern}{after}"


def _company_names(company: str) -> Iterator[str]:
    """The name as given, without its legal form, without its place, and without its trade; at least two characters."""
    name = company
    yield name
    for step in (_LEGAL_FORM, _PLACE, _TRADE, _TRADE):
        shorter = step.sub("", name).strip(" ,.")
        if len(shorter) < 2:
            return
        name = shorter
        yield name


def _name_patterns(name: str) -> Iterator[str]:
    if re.search("[\u3400-\u9fff]", name):
        plain = re.sub(r"\s+", "", name)
        plain = re.sub(rf"(?:{_HONORIFICS})$", "", plain) or plain
        surname = plain[:2] if plain.startswith(_DOUBLE_SURNAMES) else plain[:1]
        given = plain[len(surname) :]
        if len(plain) >= 2:
            yield r"\s*".join(re.escape(char) for char in plain) + rf"(?:{_HONORIFICS})?"
        if len(given) >= 2:
            yield re.escape(given) + rf"(?:{_HONORIFICS})?"
        yield rf"[老小]?{re.escape(surname)}(?:{_HONORIFICS})"
        return
    yield _literal(name)
    yield from (_literal(part) for part in re.split(r"[\s,.]+", name) if len(part) >= 2)


def without_customer(form: Json) -> Json:
    """The form as somebody may read it who has nothing to do with its customer: nobody is named, texts are masked."""
    mask = Mask(form)

    def masked(value: Any) -> Any:
        if isinstance(value, str):
            return mask(value)
        if isinstance(value, dict):
            return {key: masked(item) for key, item in value.items()}
        return [masked(item) for item in value] if isinstance(value, list) else value

    return {key: masked(value) for key, value in form.items() if key != "customer"}
