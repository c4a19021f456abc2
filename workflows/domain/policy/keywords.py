"""Keywords of a policy, looked for in what a customer wrote however it is typed (R8, R10)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache

_TRADITIONAL = (
    "數数間间匯汇滿满寶宝館馆紙纸鏡镜針针鋪铺館馆幣币稅税籌筹組组織织編编輯辑註注冊册刪删傾倾聞闻夾夹觸触電电"
    "無无們们個个來来這这為为時时會会對对開开關关電电話话單单號号碼码錯错誤误態态度度惡恶壞坏損损傷伤員员門门"
    "業业務务戶户帳账賬账號号錄录登登與与網网絡络頁页慢慢閃闪報报導导出出據据資资訊讯訂订貨货運运費费發发票票"
    "價价錢钱賠赔償偿還还換换訴诉議议問问請请麼么樣样嗎吗裡里裏里麗丽麵面點点擊击應应該该後后當当機机癱瘫瘓痪"
    "統统係系繫系全全部部斷断線线連连結结續续約约條条款款買买賣卖賓宾顧顾協协衛卫環环節节檔档圖图標标顯显示示"
    "設设計计體体驗验優优繁繁簡简歡欢謝谢讚赞語语詢询講讲說说讓让設设備备產产廠厂購购車车輛辆鎖锁權权限限審审"
    "處处理理復复複复覆复應应級级響响聲声聽听視视頻频攝摄錶表鏈链載载傳传輸输儲储寫写讀读變变動动轉转進进過过"
    "達达遲迟選选麗丽遠远邊边內内兩两從从僅仅價价億亿倉仓餘余側侧貝贝負负責责貴贵貼贴質质贈赠銀银銷销鈕钮鍵键"
    "鐘钟長长陸陆隊队階阶險险隱隐雜杂難难雲云靈灵靜静項项順顺須须預预題题額额風风飛飞駭骇髒脏黃黄龍龙齊齐沒没"
    "滅灭災灾煙烟熱热燒烧爆爆災灾護护證证譯译趕赶幫帮師师幾几歲岁歷历歸归殘残氣气漢汉潔洁濟济瀏浏營营獲获現现"
    "異异療疗監监盜盗盤盘眾众確确禮礼離离種种積积稱称窮穷競竞筆笔範范築筑籤签粵粤給给維维緊紧線线練练總总織织"
    "繳缴罰罚職职聯联腦脑臉脸臨临舊旧藝艺藥药虛虚裝装規规親亲覺觉觀观許许訪访評评詞词試试詳详誰谁調调談谈論论"
    "識识警警譽誉財财貪贪賴赖跡迹軟软較较輕轻遞递適适遺遗郵邮鄰邻醫医鍾钟鐵铁錢钱攜携擔担據据擴扩攔拦擇择"
)
"""Traditional characters, each before the simplified one that policies are written with."""
_SIMPLIFIED = str.maketrans(dict(zip(_TRADITIONAL[::2], _TRADITIONAL[1::2], strict=True)))
_APOSTROPHES = re.compile("['`´\u2018\u2019\u02bc]")
_CONTRACTION = re.compile(r"\b(ca|wo|do|does|did|is|are|was|were|has|have|could|would|should)nt\b|\bcan not\b")
_IRREGULAR = {"ca": "cannot", "wo": "will not", None: "cannot"}
_HYPHENS = re.compile(r"(?<=\w)[-_\u2010-\u2014](?=\w)")
_BLANKS = re.compile(r"[^\S\n]+")
_CHINESE_BLANK = re.compile(r"(?<=[\u4e00-\u9fff]) (?=[\u4e00-\u9fff])")
_GAP = r"[^。!?;\n]{0,30}?"
_SEVERAL = (
    r"(?:[2-9]|[1-9][\d,]*\d|[二两三四五六七八九十百千万几数]+"
    r"|(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|forty|fifty|sixty|hundred)"
    r"(?![a-z]))"
)
"""More than one, in digits or in words."""
_WILDCARD = re.compile(r"(\*|\{n\})")
_CLAUSE = re.compile(
    r"(?:但|不过|可是|\bbut\b)?(?:(?!但|不过|可是|\bbut\b)(?:[^,;:!?.。\n]|\.(?=\S)))+[,;:!?.。\n\s]*|[,;:!?.。\n\s]+"
)
"""A part of a sentence that says one thing, with the mark that ends it."""


def folded(text: str) -> str:
    """A text as keywords are compared: width, case, apostrophes, hyphens, contractions (`can't`) and Chinese
    script made the same.
    """
    plain = unicodedata.normalize("NFKC", text).casefold().translate(_SIMPLIFIED)
    plain = _BLANKS.sub(" ", _HYPHENS.sub(" ", _APOSTROPHES.sub("", plain)))
    plain = _CONTRACTION.sub(lambda found: _IRREGULAR.get(found[1]) or f"{found[1]} not", plain)
    return _CHINESE_BLANK.sub("", plain)


def found(words: tuple[str, ...], text: str) -> list[str]:
    """Those of the keywords that occur in a folded text, each once.

    A `*` in a keyword is anything of the same sentence, up to 30 characters: `所有*无法` and `crash*`; `{n}` is a
    number of two or more, in digits or words: `{n}家门店` and `{n} stores`.
    """
    return [word for word in dict.fromkeys(words) if _occurs(word, text)]


@lru_cache(maxsize=64)
def any_found(words: tuple[str, ...], text: str) -> bool:
    """Whether one of the keywords occurs in a folded text; several rules of a policy ask the same of a text."""
    return any(_occurs(word, text) for word in _likely(words, text))


def lists_found(lists: Mapping[str, tuple[str, ...]], text: str) -> set[str]:
    """The names of those lists one of whose keywords occurs in a folded text."""
    return {name for name, words in lists.items() if any_found(words, text)}


@lru_cache(maxsize=64)
def left_aside(words: tuple[str, ...], text: str) -> str:
    """A folded text without the clauses in which one of the keywords occurs, wholly or in part.

    What is asked, supposed or denied is thus no fact, and what stands beside it still is: of `充电柜着火了,会不会爆炸`
    the fire remains.
    """
    likely = [word for word in _likely(words, text) if _possible(word, text)]
    spans = [match.span() for word in likely for match in _pattern(word).finditer(text)]
    if not spans:
        return text
    clauses = _CLAUSE.finditer(text)
    return "".join(
        one[0] for one in clauses if not any(start < one.end() and one.start() < end for start, end in spans)
    )


def _likely(words: tuple[str, ...], text: str) -> list[str]:
    """Those keywords that begin as some part of the text does: of thousands, a handful is worth a closer look."""
    begun = _by_beginning(words)
    return [word for two in begun.keys() & _pairs(text) for word in begun[two]]


@lru_cache(maxsize=512)
def _by_beginning(words: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """Keywords by the first two characters of their longest part."""
    begun: dict[str, list[str]] = {}
    for word in words:
        begun.setdefault(max(_parts(word)[::2], key=len)[:2], []).append(word)
    return {two: tuple(listed) for two, listed in begun.items()}


@lru_cache(maxsize=64)
def _pairs(text: str) -> frozenset[str]:
    """Every two characters in a row, every one, and none."""
    return frozenset({"", *text, *(text[i : i + 2] for i in range(len(text) - 1))})


def _occurs(word: str, text: str) -> bool:
    """Whether one keyword is there."""
    return _possible(word, text) and bool(_pattern(word).search(text))


def _possible(word: str, text: str) -> bool:
    """Whether the parts of a keyword are there in whatever order, which costs next to nothing to see."""
    return all(part in text for part in _parts(word)[::2])


@lru_cache(maxsize=8192)
def _parts(word: str) -> tuple[str, ...]:
    """The words of a keyword between its wildcards, which are every second part."""
    return tuple(part if _WILDCARD.fullmatch(part) else folded(part) for part in _WILDCARD.split(word))


@lru_cache(maxsize=8192)
def _pattern(word: str) -> re.Pattern[str]:
    """Chinese words stand without spaces; Latin ones only count whole, so that `app` is not in `happy`."""
    parts = _parts(word)
    left = r"(?<![a-z0-9])" if re.match(r"[a-z0-9{]", "".join(parts)) else ""
    right = r"(?![a-z0-9])" if re.search(r"[a-z0-9]$", parts[-1]) else ""
    wild = {"*": _GAP, "{n}": _SEVERAL}
    return re.compile(left + "".join(wild.get(part) or re.escape(part) for part in parts) + right)
