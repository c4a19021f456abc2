"""What mail programs write around a quotation, in the languages that customers' programs speak (R42).

These are words to be recognised, not to be shown. They are compared with lines whose blanks, stars and bars are gone
and whose colons, dashes and letters are plain (`quotation.plain`).
"""

from __future__ import annotations

import re

MARKERS = ("请在此线以上回复", "請在此線以上回覆", "pleasereplyabovethisline")
"""What our own mails have above their words: what stands above it is the answer."""

_FROM = ("发件人", "寄件者", "寄件人", "發件人", "from", "von", "de", "da", "差出人", "送信者", "보낸사람", "от", "van")
_DATE = (
    "发送时间", "发送日期", "发件时间", "日期", "时间", "寄件日期", "傳送時間", "傳送日期", "發送時間", "sent", "date",
    "gesendet", "datum", "envoyé", "enviado", "enviadoel", "enviada", "inviato",
    "送信日時", "日時", "日付", "보낸날짜", "날짜", "отправлено", "дата", "verzonden",
)  # fmt: skip
_TO = ("收件人", "收件者", "to", "an", "à", "a", "para", "宛先", "받는사람", "кому", "aan")
_CC = ("抄送", "副本", "cc", "kopie", "copie", "참조")
_SUBJECT = (
    "主题",
    "主旨",
    "主題",
    "標題",
    "标题",
    "subject",
    "betreff",
    "objet",
    "asunto",
    "件名",
    "제목",
    "тема",
    "onderwerp",
)
_OTHER = ("回复", "答复至", "reply-to", "importance", "重要性", "优先级", "附件", "attachments")
ROLES = {
    word: role
    for role, words in {
        "from": _FROM,
        "date": _DATE,
        "to": _TO,
        "cc": _CC,
        "subject": _SUBJECT,
        "other": _OTHER,
    }.items()
    for word in words
}
"""Words that begin the lines of a quoted head -> what the line says."""

_WORDS = "|".join(sorted(map(re.escape, ROLES), key=len, reverse=True))
HEADING = re.compile(rf"[\-—_>]*({_WORDS})(?:[:|]|$)")
HEADING_WITHIN = re.compile(r"(发件人|发送时间|发送日期|日期|收件人|抄送|主题|寄件者|收件者|主旨):")
"""Several in one line, as some programs of telephones write them."""

ORIGINAL = re.compile(
    r"-{2,}(?:原始邮件|原邮件|邮件原文|邮件原件|回复的原邮件|原始郵件|原始信息|元のメッセージ|repliedmessage|original(?:message|mail)?"
    r"|urspr[uü]nglichenachricht|messaged'origine|mensajeoriginal)-*"
)
FORWARDED = re.compile(
    r"-{2,}(?:(?:转发|轉發|轉寄)的?(?:原始?)?(?:邮件|郵件|消息|訊息|信息|資訊|信件)(?:信息)?|forwarded(?:message|by)"
    r"|weitergeleitetenachricht|転送されたメッセージ|beginforwardedmessage).{0,40}"
    r"|(?:beginforwardedmessage|開始轉寄郵件|开始转发的邮件|下面是被转发的邮件|anfangderweitergeleitetennachricht):?"
)
FORWARDS = re.compile(r"\s*(?:转发|轉寄|轉發|fwd?|wg|tr|rv|i|転送|전달|enc)\s*[:：]", re.IGNORECASE)
"""A subject of a mail that somebody sent on."""

WROTE = re.compile(
    r"(?:写道|寫道|写到|wrote|writes|schrieb|schriebamfolgendes|geschrieben|aécrit|escribió|hascritto|escreveu|написал\(?а?\)?|さんは書きました"
    r"|が書きました|さんが書きました|のメール|님이작성|schreef)\s*:?-*$|^am.{4,}schrieb.{0,120}:$"
)
BEGINS_WROTE = re.compile(
    r"(?:on|at|am|le|el|il|op|em|在|於|于)(?=[\W\d]|mon|tue|wed|thu|fri|sat|sun|[a-z]{2,4}[,.]|.)"
)
DATED = re.compile(r"\d{4}[-/.年]|\d{1,2}[:時时点]\d{2}|\d{1,2}[./]\d{1,2}[./]\d{2,4}|@")

SIGNATURES = re.compile(
    r"(?:发自我的|發自我的|傳自我的|從我的|寄自我的|来自我的|发送自|从.{1,30}发送$|從.{1,30}傳送$|通过.{1,30}发送$"
    r"|获取outlook|获取适用于|下載outlook|取得outlook|发自.{0,20}(?:iphone|ipad|android|手机|邮箱)"
    r"|sent(?:from|via|with)|getoutlook|outlookforios|von(?:meinem|unterwegs).{1,40}gesendet|gesendetvon|envoyéde"
    r"|enviadodesde|.{0,20}から送信).{0,120}"
)
"""A line that the program adds by itself."""
