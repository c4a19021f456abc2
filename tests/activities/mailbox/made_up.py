"""Mails of clients, robots and strangers beside those in `mails/`, written before the reader was fitted to any of them.

Each says what it has to be read as. All people and addresses are made up; no captured mail is among them.
"""

from __future__ import annotations

import base64
import quopri
from collections.abc import Mapping
from dataclasses import dataclass
from email.header import Header
from hashlib import sha256

WANG, LI_NA, AGENT, US = "wang.xiaoming@example.cn", "li.na@example.com", "agent-001@example.com", "support@example.com"
A, B = "FB202611260001", "FB202611260002"
TOKEN = "mfrggzdfmztwq2lkmjzgq4tvpi"
ROOT_A, ROOT_B = "<3f1c9a70aa@support.example.com>", "<77b0e2d1bb@support.example.com>"

ZH = f"""王小明 您好：

我们已收到您反映的问题，编号 {A}。
问题：配电柜跳闸
我们将在 2 小时内首次答复您。

查看进度：https://support.example.com/l/LINKTOKEN
闭环客户服务"""
EN = f"""Please reply above this line

Dear Mr Wang,

We have received your issue {A}.
You will hear from us within 2 hours.

Progress: https://support.example.com/l/LINKTOKEN
Bihuan customer service"""


@dataclass(frozen=True)
class MadeUp:
    """A mail, and what it is: `absent` must not be in its text, `text` has to be, line by line in this order."""

    name: str
    raw: bytes
    kind: str
    case: str | None = None
    text: str | None = None
    attachments: tuple[str, ...] | None = None
    absent: tuple[str, ...] = ("我们已收到您反映的问题", "We have received your issue", "LINKTOKEN", "2 小时内首次答复")
    failed: tuple[str, ...] | None = None


def quoted(text: str, mark: str = "> ") -> str:
    return "\n".join(f"{mark}{line}".rstrip() for line in text.split("\n"))


def mail(
    body: str | bytes = "",
    *,
    sender: str = f"王小明 <{WANG}>",
    to: str = US,
    subject: str | None = "您好",
    refs: str = "",
    charset: str = "utf-8",
    kind: str = "text/plain",
    more: Mapping[str, str] | None = None,
    cte: str = "base64",
    content_type: str = "",
    raw_headers: bytes = b"",
) -> bytes:
    """A mail of one part, or with `content_type` and a body that is a multipart already."""
    name, _, address = sender.rpartition("<")
    shown = f"{Header(name.strip(), 'utf-8').encode()} <{address}" if name and not name.isascii() else sender
    lines = [f"From: {shown}", f"To: {to}", "Date: Thu, 26 Nov 2026 10:31:07 +0800"]
    if subject is not None:
        lines.append(f"Subject: {subject if subject.isascii() else Header(subject, 'utf-8').encode()}")
    extra = dict(more or {})
    if "Message-ID" not in extra:
        lines.append(f"Message-ID: <{sha256(repr((body, subject)).encode()).hexdigest()[:16]}@example.cn>")
    if refs:
        lines += [f"In-Reply-To: {refs.split()[-1]}", f"References: {refs}"]
    lines += [f"{key}: {value}" for key, value in extra.items()]
    lines.append("MIME-Version: 1.0")
    if content_type:
        lines.append(f"Content-Type: {content_type}")
        content = body if isinstance(body, bytes) else body.encode()
    else:
        lines += [f'Content-Type: {kind}; charset="{charset}"', f"Content-Transfer-Encoding: {cte}"]
        content = encoded(body if isinstance(body, bytes) else body.encode(charset), cte)
    return "\r\n".join(lines).encode() + b"\r\n" + raw_headers + b"\r\n" + content.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def encoded(content: bytes, cte: str) -> bytes:
    if cte == "base64":
        return base64.encodebytes(content)
    return quopri.encodestring(content) if cte == "quoted-printable" else content


def multipart(*parts: tuple[str, bytes | str], boundary: str = "b0") -> bytes:
    """Parts as (headers, content); the content goes in as it is."""
    lines = []
    for head, content in parts:
        data = content if isinstance(content, bytes) else content.encode()
        lines.append(b"--" + boundary.encode() + b"\n" + head.encode() + b"\n\n" + data + b"\n")
    return b"".join(lines) + b"--" + boundary.encode() + b"--\n"


def reply(name: str, body: str, text: str | None, **changes: object) -> MadeUp:
    expected = {"kind": "reply", "case": A, "text": text}
    own = {key: changes.pop(key) for key in ("absent", "attachments") if key in changes}
    arguments = {"subject": f"回复: [{A}] 配电柜跳闸", "refs": ROOT_A, "to": f"support+r.{TOKEN}@example.com"} | changes
    return MadeUp(name, mail(body, **arguments), **expected, **own)  # type: ignore[arg-type]


OWN = "今天又跳了一次，请尽快。"
HEAD_ZH = f"发件人: 客户服务 <{US}>\n发送时间: 2026年11月26日 10:02\n收件人: 王小明 <{WANG}>\n主题: [{A}] 配电柜跳闸\n\n{ZH}"
B64 = "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64"
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="


def _b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _report(action: str, recipient: str, original: str, said: str = "sorry", status: str = "5.1.1") -> bytes:
    return multipart(
        ("Content-Type: text/plain", said),
        (
            "Content-Type: message/delivery-status",
            f"Reporting-MTA: dns; mx.example.cn\n\nFinal-Recipient: rfc822; {recipient}\nAction: {action}\nStatus: {status}\n",
        ),
        ("Content-Type: message/rfc822", f"From: {US}\nTo: {recipient}\nMessage-ID: {original}\nSubject: x\n\n{ZH}"),
    )


DAEMON = "Mail Delivery Subsystem <mailer-daemon@mx.example.cn>"
REPORT = 'multipart/report; report-type=delivery-status; boundary="b0"'
MIXED, ALTERNATIVE = 'multipart/mixed; boundary="b0"', 'multipart/alternative; boundary="b0"'
RELATED = 'multipart/related; boundary="b0"'

REPLIES = [
    reply("gmail-zh", f"{OWN}\n\n客户服务 <{US}> 于2026年11月26日周四 10:02写道：\n\n{quoted(ZH)}\n", OWN),
    reply("gmail-zh-wrapped", f"{OWN}\n\n闭环科技集团华东区客户服务与维修中心 <\n{US}> 于2026年11月26日周四 10:02写道：\n\n{quoted(ZH)}", OWN),
    reply("gmail-zh-tw", f"請儘快派人。\n\n客戶服務 <{US}> 於 2026年11月26日 週四 上午10:02寫道：\n\n{quoted(ZH)}", "請儘快派人。"),
    reply("gmail-ja", f"まだ直っていません。\n\n2026年11月26日(木) 10:02 Support <{US}>:\n\n{quoted(EN)}", "まだ直っていません。"),
    reply("gmail-de", f"Noch defekt.\n\nAm Do., 26. Nov. 2026 um 10:02 Uhr schrieb Support <\n{US}>:\n\n{quoted(EN)}", "Noch defekt."),
    reply("gmail-fr", f"Toujours en panne.\n\nLe jeu. 26 nov. 2026 à 10:02, Support <{US}> a écrit :\n\n{quoted(EN)}", "Toujours en panne."),
    reply("iphone-zh", f"{OWN}\n\n发自我的 iPhone\n\n> 在 2026年11月26日，10:02，客户服务 <{US}> 写道：\n> \n{quoted(ZH)}", OWN),
    reply("iphone-de", f"Danke, geht.\n\nVon meinem iPhone gesendet\n\n> Am 26.11.2026 um 10:02 schrieb Support <{US}>:\n> \n{quoted(EN)}", "Danke, geht."),
    reply("iphone-ja", f"明日お願いします。\n\niPhoneから送信\n\n2026/11/26 10:02、Support <{US}>のメール:\n\n{quoted(EN)}", "明日お願いします。"),
    reply("outlook-en", f"Please call me.\n\nFrom: Support <{US}>\nSent: Thursday, November 26, 2026 10:02 AM\nTo: Wang <{WANG}>\nSubject: [{A}]\n\n{EN}", "Please call me."),
    reply("outlook-en-line", f"Tomorrow is fine.\n\nGet Outlook for iOS<https://aka.example.com/o0ukef>\n________________________________\nFrom: Support <{US}>\nSent: Thursday, November 26, 2026 10:02\nTo: Wang <{WANG}>\nSubject: [{A}]\n\n{EN}", "Tomorrow is fine."),
    reply("outlook-zh-tw", f"明天可以。\n\n寄件者: Support <{US}>\n傳送時間: 2026年11月26日 上午 10:02\n收件者: 王 <{WANG}>\n主旨: [{A}]\n\n{EN}", "明天可以。", charset="big5"),
    reply("outlook-fr", f"Merci.\n\nDe : Support <{US}>\nEnvoyé : jeudi 26 novembre 2026 10:02\nÀ : Wang <{WANG}>\nObjet : [{A}]\n\n{EN}", "Merci.", charset="iso-8859-1"),
    reply("outlook-ja-bar", f"了解しました。\n\n-----Original Message-----\n差出人: Support <{US}>\n送信日時: 2026年11月26日 10:02\n宛先: {WANG}\n件名: [{A}]\n\n{EN}", "了解しました。"),
    reply("sina", f"{OWN}\n\n----- 原始邮件 -----\n发件人：客户服务 <{US}>\n收件人：<{WANG}>\n主题：[{A}]\n日期：2026年11月26日 10点02分\n\n{ZH}", OWN, charset="gbk"),
    reply("139", f"{OWN}\n\n\n\n\n----邮件原文----\n发件人：客户服务 <{US}>\n收件人：王小明 <{WANG}>\n抄 送： (无)\n发送时间：2026-11-26 10:02:33\n主题：[{A}]\n\n{ZH}", OWN),
    reply("coremail", f"{OWN}\n\n\n> -----原始邮件-----\n> 发件人: 客户服务 <{US}>\n> 发送时间: 2026-11-26 10:02:33 (星期四)\n> 收件人: {WANG}\n> 抄送: \n> 主题: [{A}]\n>\n{quoted(ZH)}\n", OWN),
    reply("netease-master-table", f"{OWN}\n\n| |\n王小明\n|\n\n\n---- 回复的原邮件 ----\n| 发件人 | 客户服务<{US}> |\n| 发送日期 | 2026年11月26日 10:02 |\n| 收件人 | {WANG} |\n| 主题 | [{A}] |\n{ZH}", OWN),
    reply("netease-master-en", f"{OWN}\n\n---- Replied Message ----\n| From | 客户服务<{US}> |\n| Date | 11/26/2026 10:02 |\n| To | {WANG} |\n| Subject | [{A}] |\n{ZH}", OWN),
    reply("samsung", f"{OWN}\n\n从我的 Galaxy 发送\n\n-------- 原始邮件 --------\n发件人： 客户服务 <{US}>\n日期： 2026/11/26 10:02 (GMT+08:00)\n收件人： {WANG}\n主题： [{A}]\n\n{ZH}", OWN),
    reply("huawei", f"{OWN}\n\n发自我的华为手机\n\n-------- 原始邮件 --------\n发件人： 客户服务 <{US}>日期： 2026年11月26日周四 上午10:02收件人： {WANG}主题： [{A}]\n{ZH}", OWN),
    reply("yahoo", f"Not yet.\n\n    On Thursday, November 26, 2026 at 10:02:33 AM GMT+8, Support <{US}> wrote:  \n \n {EN.replace(chr(10), chr(10) + ' ')}", "Not yet."),
    reply("zoho", f"It works.\n\n---- On Thu, 26 Nov 2026 10:02:33 +0800 Support <{US}> wrote ----\n\n{EN}", "It works."),
    reply("thunderbird-de-bottom", f"Am 26.11.26 um 10:02 schrieb Support:\n{quoted(EN)}\n\nDer Schrank ist Nr. 7.\n-- \nWang", "Der Schrank ist Nr. 7."),
    reply("thunderbird-ja", f"On 2026/11/26 10:02, Support wrote:\n{quoted(EN)}\n明日の午前中に来てください。\n", "明日の午前中に来てください。"),
    reply("web-de", f"Das ist in Ordnung.\n \nGesendet: Donnerstag, 26. November 2026 um 10:02 Uhr\nVon: \"Support\" <{US}>\nAn: {WANG}\nBetreff: [{A}]\n{EN}", "Das ist in Ordnung."),
    reply("becky", f"OK.\n\nOn Thu, 26 Nov 2026 10:02:33 +0900\nSupport <{US}> wrote:\n\n{quoted(EN)}", "OK."),
    reply("inline-tight", f"王工:\n客户服务 <{US}> 于2026年11月26日周四 10:02写道：\n> 请补充两点：\n> 一、哪一个柜子？\n2号柜。\n> 二、什么时候？\n早上八点。\n> 闭环客户服务", "2号柜。\n早上八点。", absent=("请补充两点", "哪一个柜子")),
    reply("html-inline", f"<div>见下：</div><div>客户服务 &lt;{US}&gt; 于2026年11月26日周四 10:02写道：<br></div><blockquote><div>我们已收到您反映的问题</div><div>一、哪一个柜子？</div></blockquote><div>三号柜</div><blockquote><div>二、什么时候？</div></blockquote><div>昨天</div>", "见下：\n三号柜\n昨天", kind="text/html", absent=("我们已收到", "哪一个柜子", "什么时候")),
    reply("html-outlook-table", f"<html><head><style>p {{margin:0}}</style><title>x</title></head><body><p class=MsoNormal>{OWN}</p><p><o:p>&nbsp;</o:p></p><div style='border-top:solid'><p><b><span>发件人:</span></b><span> 客户服务 &lt;{US}&gt; <br><b>发送时间:</b> 2026年11月26日 10:02<br><b>收件人:</b> 王小明<br><b>主题:</b> [{A}]</span></p></div><p>{ZH.replace(chr(10), '<br>')}</p></body></html>", OWN, kind="text/html", charset="gb2312", absent=("margin", "我们已收到您反映的问题", "LINKTOKEN")),
    reply("feishu", f"<div>{OWN}</div><div><div>发件人: \"客户服务\"&lt;{US}&gt;</div><div>日期: 2026年11月26日 10:02</div><div>主题: [{A}]</div><div>收件人: \"王小明\"&lt;{WANG}&gt;</div><div>{ZH.replace(chr(10), '<br>')}</div></div>", OWN, kind="text/html"),
    reply("greater-than-sign-of-their-own", "电流\n>5A 时就跳。\n其他正常。", "电流\n>5A 时就跳。\n其他正常。"),
    reply("they-cite-a-manual", "在说明书里写道：\n额定电流 63A。\n是不是选小了？", "在说明书里写道：\n额定电流 63A。\n是不是选小了？"),
    reply("marker-en-unquoted", f"Serial 0001-AB.\n\n{EN}", "Serial 0001-AB."),
    reply("marker-dashes", f"{OWN}\n―― 请在此线以上回复 ――\n{ZH}", OWN),
    reply("forwards-a-colleague-into-the-case", f"电工的说明见下。\n\n-------- 转发邮件信息 --------\n发件人：赵六 <zhao.liu@example.org>\n发送日期：2026-11-26 11:00\n收件人：{WANG}\n主题：空开\n\n空开型号是 NSX250F，已经烧黑。", "电工的说明见下。\n空开型号是 NSX250F，已经烧黑。", subject=f"转发: [{A}] 空开"),
    reply("forwards-our-own-mail-back", f"这是你们的来信，为什么没人来？\n\n---------- Forwarded message ---------\n发件人： 客户服务 <{US}>\nDate: 2026年11月26日周四 10:02\nSubject: [{A}]\nTo: {WANG}\n\n{ZH}", "这是你们的来信，为什么没人来？", subject=f"Fwd: [{A}]"),
    reply("coloured-signature", f"{OWN}\n\n-- \n王小明 | 设备部\n电话 010-00000000\n\n{HEAD_ZH}", OWN),
    reply("sent-from-mail-for-windows", f"Works.\n\nSent from Mail for Windows\n\nFrom: Support\nSent: Thursday, November 26, 2026 10:02 AM\nTo: {WANG}\nSubject: [{A}]\n\n{EN}", "Works."),
    reply("stars-of-gmail", f"Thanks!\n\n*From:* Support <{US}>\n*Sent:* Thursday, 26 November 2026 10:02\n*To:* {WANG}\n*Subject:* [{A}]\n\n{EN}", "Thanks!"),
    reply("notes-en", f"Please send the report.\n\n\n\nFrom:\tSupport <{US}>\nTo:\t{WANG}\nDate:\t2026-11-26 10:02\nSubject:\t[{A}]\n\n{EN}", "Please send the report."),
    reply("two-quotations", f"{OWN}\n\n客户服务 <{US}> 于2026年11月27日周五 09:00写道：\n\n> 您好，请补充型号。\n>\n> 王小明 <{WANG}> 于2026年11月26日周四 11:00写道：\n>\n>> 好的。\n>>\n{quoted(ZH, '>>> ')}", OWN, absent=("请补充型号", "我们已收到您反映的问题")),
    reply("outlook-plain-with-prefix", f"> Please tell us the serial number.\n\n0001-AB-77\n\n> And a photo.\n\nwill follow\n", "0001-AB-77\nwill follow", absent=("Please tell us", "And a photo")),
    MadeUp("flowed-delsp", mail("这是一行很长的话被客户端在中间折断了 \n但是应当接起来。\n\n在 2026/11/26 10:02, 客户服务 写道：\n" + quoted(ZH), refs=ROOT_A, content_type="text/plain; charset=utf-8; format=flowed; delsp=yes"), "reply", A, "这是一行很长的话被客户端在中间折断了但是应当接起来。"),
    MadeUp("apple-text-picture-text", mail(multipart((B64, _b64("上图是跳闸时：")), ("Content-Type: image/png; name=IMG_1.png\nContent-Transfer-Encoding: base64\nContent-Disposition: inline; filename=IMG_1.png", PNG), (B64, _b64("下面没有了。\n\n发自我的 iPhone"))), refs=ROOT_A, content_type=MIXED), "reply", A, "上图是跳闸时：\n下面没有了。", ("IMG_1.png",)),
    MadeUp("html-latin1-label", mail(b"<p>" + "问题还在，明天停产。".encode("gbk") + b"</p>", refs=ROOT_A, kind="text/html", charset="iso-8859-1", cte="quoted-printable"), "reply", A, "问题还在，明天停产。"),
    MadeUp("signed", mail(multipart((B64, _b64("签名邮件：请处理。")), ("Content-Type: application/pkcs7-signature; name=smime.p7s\nContent-Transfer-Encoding: base64\nContent-Disposition: attachment; filename=smime.p7s", "MIIB")), refs=ROOT_A, content_type='multipart/signed; protocol="application/pkcs7-signature"; boundary="b0"'), "reply", A, "签名邮件：请处理。", ()),
    MadeUp("answers-an-absence-note", mail(f"好的，等您回来。\n\n发件人: 王\n发送时间: 2026年11月26日\n收件人: 客户服务 <{US}>\n主题: 自动回复\n\n这是来自QQ邮箱的假期自动回复邮件。", subject=f"回复：自动回复: [{A}]", refs=ROOT_A), "reply", A, "好的，等您回来。"),
    MadeUp("really-on-leave", mail("我下周休假，请改到下周五来修。", refs=ROOT_A), "reply", A, "我下周休假，请改到下周五来修。"),
    MadeUp("google-group-but-our-thread", mail("组里发的：还没修好。", refs=ROOT_A, more={"List-Id": "<plant.example.cn>", "Precedence": "list"}), "reply", A, "组里发的：还没修好。"),
    MadeUp("colleague-answers", mail("我是他同事，门已经修好了。", sender="he@example.cn", refs=ROOT_A), "reply", A, "我是他同事，门已经修好了。"),
    MadeUp("both-numbers-named", mail("和另一件一样。", subject=f"Re: [{A}] 与 {B} 相同", refs=ROOT_A), "reply", A, "和另一件一样。"),
    MadeUp("number-full-width", mail("全角也认。", subject="回复：ＦＢ２０２６１１２６０００１ 配电柜"), "reply", A, "全角也认。"),
    MadeUp("number-with-blanks", mail("空格也认。", subject="fb 20261126 0001"), "reply", A, "空格也认。"),
    MadeUp("five-prefixes", mail("五层回复。", subject=f"回复：Re：回复: AW: 答复: [{A}] 配电柜"), "reply", A, "五层回复。"),
    MadeUp("stale-token", mail("旧地址。", to="support+r.aaaaaaaaaaaaaaaaaaaaaaaaaa@example.com", subject=f"Re: [{A}]"), "reply", A, "旧地址。"),
    MadeUp("token-in-capitals", mail("大写。", to=f"SUPPORT+R.{TOKEN.upper()}@EXAMPLE.COM", subject="x"), "reply", A, "大写。"),
    MadeUp("token-in-envelope-to", mail("密送。", to="undisclosed-recipients:;", subject="x", more={"Envelope-To": f"support+r.{TOKEN}@example.com"}), "reply", A, "密送。"),
]

ROBOTS = [
    MadeUp("ooo-outlook-en", mail("I am out of the office until 30 November.", subject=f"Automatic reply: [{A}]", refs=ROOT_A, more={"Auto-Submitted": "auto-replied (vacation)"}), "auto", A),
    MadeUp("ooo-gmail", mail("Thanks for your mail, I am on holiday.", subject=f"Re: [{A}]", refs=ROOT_A, more={"Precedence": "bulk", "X-Autoreply": "yes", "Auto-Submitted": "auto-replied"}), "auto", A),
    MadeUp("ooo-163-no-header", mail("您好，您的邮件已收到，我会尽快给您回复！\n[自动回复]", subject=f"Re:[{A}]", refs=ROOT_A), "auto", A),
    MadeUp("ooo-foxmail", mail("我正在出差，无法及时回复您的邮件，请电话联系。", subject=f"自动回复:[{A}] 已受理", refs=ROOT_A), "auto", A),
    MadeUp("ooo-foxmail-no-subject", mail("您好！本人正在休假，不能及时回复您的邮件，敬请谅解。", subject=f"回复: [{A}] 已受理", refs=ROOT_A), "auto", A),
    MadeUp("ooo-de", mail("Ich bin bis 30.11. nicht im Büro.", subject=f"Automatische Antwort: [{A}]", refs=ROOT_A), "auto", A),
    MadeUp("ooo-ja", mail("出張中です。", subject=f"自動応答: [{A}]", refs=ROOT_A), "auto", A),
    MadeUp("ooo-zh-tw", mail("我目前休假中。", subject=f"自動回覆: [{A}]", refs=ROOT_A), "auto", A),
    MadeUp("ooo-x-autorespond", mail("away", subject="Re: x", refs=ROOT_A, more={"X-Autorespond": "vacation"}), "auto", A),
    MadeUp("ooo-en-no-header", mail("This is an automated response. I am out of the office with limited access to email.", subject=f"Re: [{A}]", refs=ROOT_A), "auto", A),
    MadeUp("ooo-without-thread", mail("本邮件由系统自动发出，请勿回复。您的来信已收到。", subject="来信已收到", to=f"support+r.{TOKEN}@example.com"), "auto", A),
    MadeUp("read-receipt-en", mail("Your message was read on Thursday.", subject=f"Read: [{A}]", refs=ROOT_A), "auto", A),
    MadeUp("no-reply", mail("系统通知：您的快递已签收。", sender="快递 <no-reply@example.org>", subject="快递通知"), "auto"),
    MadeUp("do-not-reply", mail("Invoice 77 was paid.", sender="do-not-reply@example.org", subject="Invoice"), "auto"),
    MadeUp("empty-return-path", mail("thanks", sender="app@example.org", raw_headers=b"Return-Path: <>\r\n"), "auto"),
    MadeUp("helpdesk-zendesk", mail("您的请求 (#4711) 已收到，正由我们的客服人员处理。", sender="helpdesk@example.org", subject=f"[请求已收到] [{A}]", refs=ROOT_A, more={"Auto-Submitted": "auto-generated"}), "auto", A),
    MadeUp("calendar-tentative", mail("BEGIN:VCALENDAR\nMETHOD:REPLY\nEND:VCALENDAR", sender=LI_NA, subject="Tentative: x", content_type="text/calendar; charset=utf-8; method=REPLY"), "auto"),
    MadeUp("our-mail-in-a-ring", mail("我们已收到您反映的问题", sender="x@example.org", more={"X-Bihuan-Loop": US}), "auto"),
    MadeUp("exim", mail(f"This message was created automatically by mail delivery software.\n\nA message that you sent could not be delivered to one or more of its\nrecipients. This is a permanent error. The following address(es) failed:\n\n  {WANG}\n    Unrouteable address\n\n------ This is a copy of the message, including all the headers. ------\n\nMessage-ID: {ROOT_A}\nSubject: x\n\n{ZH}", sender="Mail Delivery System <Mailer-Daemon@mx.example.cn>", subject="Mail delivery failed: returning message to sender", more={"X-Failed-Recipients": WANG, "Auto-Submitted": "auto-replied"}, raw_headers=b"Return-Path: <>\r\n"), "bounce", A, failed=(WANG,)),
    MadeUp("gmail-dsn", mail(_report("failed", WANG, ROOT_A, "Address not found"), sender=DAEMON, subject="Delivery Status Notification (Failure)", content_type=REPORT, more={"X-Failed-Recipients": WANG, "Auto-Submitted": "auto-replied"}), "bounce", A, failed=(WANG,)),
    MadeUp("163-bounce", mail(f"<html><body><p>抱歉，您的邮件没有成功送达，被退回。</p><p>收件人：{WANG}</p><p>主题：[{A}] 已受理</p><p>退信原因：用户不存在 550 User not found</p></body></html>", kind="text/html", sender="邮件系统 <Postmaster@163.example.cn>", subject="系统退信/Systems bounce"), "bounce", A, failed=(WANG,)),
    MadeUp("sendmail", mail(f"   ----- The following addresses had permanent fatal errors -----\n<{WANG}>\n    (reason: 550 5.1.1 User unknown)\n\nMessage-Id: {ROOT_A}\n", sender="Mail Delivery Subsystem <MAILER-DAEMON@mx.example.cn>", subject="Returned mail: see transcript for details", raw_headers=b"Return-Path: <>\r\n"), "bounce", A, failed=(WANG,)),
    MadeUp("exim-delay", mail(f"Message {ROOT_A} has not been delivered yet; delivery attempts will continue.\nThe address to which the message has not yet been delivered is:\n\n  {WANG}\n", sender=DAEMON, subject="Warning: message 1abc delayed 24 hours", raw_headers=b"Return-Path: <>\r\n"), "bounce", A, failed=()),
    MadeUp("bounce-of-a-notice-to-staff", mail(_report("failed", AGENT, ROOT_A), sender=DAEMON, subject="Undelivered", content_type=REPORT), "bounce", A, failed=(AGENT,)),
    MadeUp("exchange-mixed", mail(_report("failed", WANG, ROOT_A), sender="postmaster@example.cn", subject="Undeliverable: x", content_type=MIXED, raw_headers=b"Return-Path: <>\r\n"), "bounce", A, failed=(WANG,)),
    MadeUp("forged-with-an-id-that-we-never-used", mail(_report("failed", WANG, "<ROOT-guess@support.example.com>"), sender="eve@example.org", subject="Undelivered", content_type=REPORT, raw_headers=b"Return-Path: <eve@example.org>\r\n"), "bounce"),
    MadeUp("stranger-writes-of-returned-mail", mail("我的邮件被退回了，退信原因写着用户不存在。", sender=f"李娜 <{LI_NA}>", subject="退信"), "new", None, "我的邮件被退回了，退信原因写着用户不存在。"),
    MadeUp("relayed", mail(_report("relayed", WANG, ROOT_A, status="2.1.9"), sender=DAEMON, subject="Relayed", content_type=REPORT), "auto", A),
    MadeUp("newsletter", mail("Buy now", sender="news@example.org", subject="News", more={"List-Unsubscribe": "<https://example.org/u>", "Precedence": "bulk"}), "list"),
    MadeUp("list-without-precedence", mail("本周", sender="a@example.org", subject="[ops] 周报", more={"List-Id": "Ops <ops.lists.example.org>"}), "list"),
]

NEW = [
    MadeUp("root-of-a-number-of-b", mail("这是哪一件？", subject=f"Re: [{B}]", refs=ROOT_A), "new", None, "这是哪一件？"),
    MadeUp("token-of-a-root-of-b", mail("两件混在一起。", to=f"support+r.{TOKEN}@example.com", refs=ROOT_B, subject="Re: x"), "new", None, "两件混在一起。"),
    MadeUp("roots-of-both", mail("两个引用。", refs=f"{ROOT_B} {ROOT_A}", subject="Re: x"), "new", None, "两个引用。"),
    MadeUp("number-of-a-stranger", mail("我也有。", sender="zhao.liu@example.org", subject=f"[{A}]"), "new", None, "我也有。"),
    MadeUp("number-that-nobody-has", mail("编号不存在。", subject="[FB202611269999]"), "new", None, "编号不存在。"),
    MadeUp("thread-index-proves-nothing", mail("同主题。", sender=LI_NA, subject="[x]", more={"Thread-Index": "AQHcXq3mD0pS1Xb7", "Thread-Topic": A}), "new", None, "同主题。"),
    MadeUp("other-helpdesk-id", mail("别家工单。", sender=LI_NA, subject="Re: [#881]", refs="<root-fb202611260001@helpdesk.example.org>"), "new", None, "别家工单。"),
    MadeUp("a-thousand-blank-lines", b"\r\n" * 1000 + mail("前面全是空行。", sender=LI_NA), "new", None, "前面全是空行。"),
    MadeUp("rfc2231-continued-gbk", mail(multipart((B64, _b64("见附件。")), ("Content-Type: application/pdf\nContent-Disposition: attachment;\n filename*0*=gb2312''%BC%EC%B2%E2;\n filename*1*=%B1%A8%B8%E6.pdf\nContent-Transfer-Encoding: base64", "JVBERi0xLjQK")), sender=LI_NA, content_type=MIXED), "new", None, "见附件。", ("检测报告.pdf",)),
    MadeUp("name-is-a-path", mail(multipart((B64, _b64("见附件。")), ('Content-Type: text/plain; name="x"\nContent-Disposition: attachment; filename="..\\\\..\\\\etc/passwd"', "root")), sender=LI_NA, content_type=MIXED), "new", None, "见附件。", ("passwd",)),
    MadeUp("name-runs-backwards", mail(multipart((B64, _b64("见附件。")), ("Content-Type: application/octet-stream\nContent-Disposition: attachment; filename*=UTF-8''a%E2%80%AEgpj.exe", "MZ")), sender=LI_NA, content_type=MIXED), "new", None, "见附件。", ("agpj.exe",)),
    MadeUp("log-as-inline-text", mail(multipart((B64, _b64("日志在后面。")), ('Content-Type: text/plain; name="plc.log"\nContent-Disposition: inline; filename="plc.log"', "E42 overcurrent")), sender=LI_NA, content_type=MIXED), "new", None, "日志在后面。", ("plc.log",), absent=("E42",)),
    MadeUp("inner-mail-in-base64", mail(multipart((B64, _b64("转来的邮件。")), ("Content-Type: message/rfc822; name=m.eml\nContent-Transfer-Encoding: base64\nContent-Disposition: attachment; filename=m.eml", _b64(f"In-Reply-To: {ROOT_A}\n\nx"))), sender=LI_NA, content_type=MIXED), "new", None, "转来的邮件。", ("m.eml",)),
    MadeUp("half-width-kana", mail("\x1b$B%W%j%s%?\x1b(I:\x1b(B".encode(), sender=LI_NA, charset="iso-2022-jp", cte="7bit"), "new", None, "プリンタ"),
    MadeUp("korean", mail("기계가 멈췄습니다.".encode("cp949"), sender=LI_NA, charset="ks_c_5601-1987"), "new", None, "기계가 멈췄습니다."),
    MadeUp("smart-quotes", mail("Machine \u201cA\u201d doesn\u2019t start \u2013 help".encode("cp1252"), sender=LI_NA, charset="iso-8859-1", cte="quoted-printable"), "new", None, "Machine \u201cA\u201d doesn\u2019t start \u2013 help"),
    MadeUp("only-carriage-returns", mail("只有回车。\n第二行。", sender=LI_NA, cte="8bit").replace(b"\r\n", b"\r"), "new", None, "只有回车。\n第二行。"),
    MadeUp("endless-number-entity", mail("<p>&#" + "9" * 50_000 + ";实体之后</p>", sender=LI_NA, kind="text/html"), "new", None, "实体之后"),
    MadeUp("scripts-and-styles", mail("<script>alert('x')</script><style>p{}</style><!-- 注释 --><p>机器<b>停</b>了</p><div hidden>x</div>", sender=LI_NA, kind="text/html"), "new", None, "机器停了", absent=("alert", "注释", "p{}")),
    MadeUp("whole-history-of-others-is-the-issue", mail(f"请处理，经过见下。\n\n发件人: 赵六\n发送时间: 2026年11月25日\n收件人: 李娜\n主题: 报修\n\n电梯困人两次。", sender=LI_NA, subject="答复: 报修"), "new", None, "请处理，经过见下。\n电梯困人两次。"),
    MadeUp("plain-is-blank-html-speaks", mail(multipart(("Content-Type: text/plain", "\n \n"), ("Content-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: base64", _b64("<div>打印机卡纸</div>")), boundary="b0"), sender=LI_NA, content_type=ALTERNATIVE), "new", None, "打印机卡纸"),
    MadeUp("picture-between-the-words", mail(multipart(("Content-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: base64", _b64("<p>看图：</p><img src='cid:a'><p>红灯亮。</p>")), ("Content-Type: image/jpeg; name=\"image001.jpg\"\nContent-ID: <a>\nContent-Disposition: inline\nContent-Transfer-Encoding: base64", PNG)), sender=LI_NA, content_type=RELATED), "new", None, "看图：\n红灯亮。", ("image001.jpg",)),
    MadeUp("winmail", mail(multipart((B64, _b64("见附件")), ("Content-Type: application/ms-tnef; name=winmail.dat\nContent-Transfer-Encoding: base64\nContent-Disposition: attachment; filename=winmail.dat", "eJ8+Iv///w==")), sender=LI_NA, content_type=MIXED), "new", None, "见附件", ("winmail.dat",)),
    MadeUp("staff-forwards-a-customers-mail", mail("客户来信，请立案。\n\n发件人: 李娜\n发送时间: 2026年11月26日\n收件人: 客服小张\n主题: 空调\n\n空调不冷。", sender=AGENT, subject="转发: 空调"), "new", None, "客户来信，请立案。\n空调不冷。"),
    MadeUp("reply-to-differs", mail("请回复到另一个地址。", sender=LI_NA, more={"Reply-To": "other@example.org"}), "new", None, "请回复到另一个地址。"),
    MadeUp("dated-in-2099", mail("时间不对。", sender=LI_NA).replace(b"2026 10:31", b"2099 10:31"), "new", None, "时间不对。"),
    MadeUp("no-message-id", mail("没有编号。", sender=LI_NA, more={"Message-ID": ""}), "new", None, "没有编号。"),
    MadeUp("dmarc-failed-number-of-contact", mail("请关闭。", subject=f"[{A}]", more={"Authentication-Results": "mx.example.com; dmarc=fail header.from=example.cn"}), "new", None, "请关闭。"),
    MadeUp("no-sender", b"To: support@example.com\r\nSubject: x\r\n\r\nhello", "refuse"),
    MadeUp("only-blanks", b"  \r\n\r\n", "refuse"),
]

MADE_UP = [*REPLIES, *ROBOTS, *NEW]


ESC_EN = EN.replace("\n", "<br>")
MORE = [
    reply("qq-phone-dashes", f'{OWN}\n\n---Original---\nFrom: "客户服务"<{US}>\nDate: Thu, Nov 26, 2026 10:02 AM\nTo: "王小明"<{WANG}>;\nSubject: [{A}]\n\n{ZH}', OWN),
    reply("alimail-phone", f"{OWN}\n\n发自阿里邮箱\n\n------------------------------------------------------------------\n发件人：客户服务 <{US}>\n日　期：2026年11月26日 10:02:33\n收件人：<{WANG}>\n主　题：[{A}]\n\n{ZH}", OWN),
    reply("spark", f"Still dark.\n\nOn Nov 26, 2026, 10:02 +0800, Support <{US}>, wrote:\n{quoted(EN)}", "Still dark."),
    reply("proton", f"Yes please.\n\nSent with Proton Mail secure email.\n\n-------- Original Message --------\nOn Thursday, November 26th, 2026 at 10:02, Support <{US}> wrote:\n\n{quoted(EN)}", "Yes please."),
    reply("mutt", f"On Thu, Nov 26, 2026 at 10:02:33AM +0800, Support wrote:\n{quoted(EN)}\n\nRoom 7.\n\n-- \nWang", "Room 7."),
    reply("evolution", f"{OWN}\n\n在 2026-11-26四的 10:02 +0800，客户服务写道：\n{quoted(ZH)}", OWN),
    reply("kmail", f"Geht wieder.\n\nOn Donnerstag, 26. November 2026 10:02:33 CET Support wrote:\n{quoted(EN)}", "Geht wieder."),
    reply("em-client", f"{OWN}\n\n------ 原始邮件 ------\n发件人 \"客户服务\" <{US}>\n收件人 {WANG}\n日期 2026/11/26 10:02:33\n主题 [{A}]\n\n{ZH}", OWN),
    reply("outlook-es", f"Gracias.\n\nDe: Support <{US}>\nEnviado el: jueves, 26 de noviembre de 2026 10:02\nPara: {WANG}\nAsunto: [{A}]\n\n{EN}", "Gracias."),
    reply("outlook-it", f"Grazie.\n\nDa: Support <{US}>\nInviato: giovedì 26 novembre 2026 10:02\nA: {WANG}\nOggetto: [{A}]\n\n{EN}", "Grazie."),
    reply("outlook-ru", f"Не работает.\n\nОт: Support <{US}>\nОтправлено: 26 ноября 2026 г. 10:02\nКому: {WANG}\nТема: [{A}]\n\n{EN}", "Не работает.", charset="koi8-r"),
    reply("outlook-pt", f"Obrigado.\n\nDe: Support <{US}>\nEnviada: quinta-feira, 26 de novembro de 2026 10:02\nPara: {WANG}\nAssunto: [{A}]\n\n{EN}", "Obrigado."),
    reply("outlook-ko", f"아직 고장입니다.\n\n보낸 사람: Support <{US}>\n보낸 날짜: 2026년 11월 26일\n받는 사람: {WANG}\n제목: [{A}]\n\n{EN}", "아직 고장입니다.", charset="cp949"),
    reply("thunderbird-zh-yu", f"{OWN}\n\n于 2026/11/26 10:02, 客户服务 写道:\n{quoted(ZH)}", OWN),
    reply("k9-zh", f"{OWN}\n\n于 2026年11月26日 GMT+08:00 上午10:02:33, \"客户服务\" <{US}> 写到:\n{quoted(ZH, '>')}", OWN),
    reply("double-spaced-head", f"{OWN}\n\n发件人: 客户服务 <{US}>\n\n发送时间: 2026年11月26日 10:02\n\n收件人: 王小明\n\n主题: [{A}]\n\n{ZH}", OWN),
    reply("head-in-another-order", f"{OWN}\n\n主题: [{A}]\n收件人: 王小明\n发送时间: 2026-11-26\n发件人: 客户服务\n\n{ZH}", OWN),
    reply("shipping-address", "收件人：王小明\n地址：深圳市龙岗区坂田街道\n电话：010-00000000\n日期：11月28日前送到", "收件人：王小明\n地址：深圳市龙岗区坂田街道\n电话：010-00000000\n日期：11月28日前送到"),
    reply("opening-hours", "We are here\nFrom: 9:00\nTo: 17:00\nDate: every Monday to Friday", "We are here\nFrom: 9:00\nTo: 17:00"),
    reply("html-bottom-posted", f"<p>On 26/11/2026 10:02, Support wrote:</p><blockquote type=cite>{ESC_EN}</blockquote><p>Answer below.</p>", "Answer below.", kind="text/html"),
    reply("html-without-attributes", f"<div>{OWN}</div><div>On Thu, Nov 26, 2026 at 10:02 AM Support &lt;{US}&gt; wrote:</div><blockquote>{ESC_EN}</blockquote>", OWN, kind="text/html"),
    reply("html-br-only", f"{OWN}<br><br>------------------&nbsp;原始邮件&nbsp;------------------<br>发件人:&nbsp;\"客户服务\"&lt;{US}&gt;;<br>发送时间:&nbsp;2026年11月26日<br><br>{ZH.replace(chr(10), '<br>')}", OWN, kind="text/html"),
    reply("html-list-answers", "<ol><li>一号柜</li><li>昨天八点</li></ol>", "一号柜\n昨天八点", kind="text/html"),
    reply("html-table-of-theirs", "<table><tr><th>型号</th><th>序号</th></tr><tr><td>NSX250F</td><td>0001</td></tr></table>", "型号\n序号\nNSX250F\n0001", kind="text/html"),
    reply("gmail-phone-without-blank-line", f"{OWN}\n\n客户服务 <{US}>于2026年11月26日 周四10:02写道：\n{quoted(ZH)}", OWN),
    reply("attribution-name-only", f"{OWN}\n\n客户服务写道：\n{quoted(ZH)}", OWN),
    reply("quoted-with-bars", f"OK so weit.\n\n> Support <{US}> hat am 26.11.2026 10:02 geschrieben:\n>\n{quoted(EN)}", "OK so weit."),
    reply("long-quoted-line-broken", f"Fine.\n\nOn 26/11/2026 10:02, Support wrote:\n> We have received your issue and a technician will call you before the end of this\nworking day\n> Bihuan", "Fine.", absent=("We have received", "working day")),
    reply("answer-directly-above-head", f"{OWN}\n发件人: 客户服务 <{US}>\n发送时间: 2026年11月26日 10:02\n收件人: 王小明\n主题: [{A}]\n{ZH}", OWN),
    reply("signature-block-of-company", f"{OWN}\n\n示例机械厂\n电话: 010-00000000\n\n-----邮件原件-----\n发件人: {US} [mailto:{US}]\n发送时间: 2026年11月26日 10:02\n收件人: {WANG}\n主题: [{A}]\n\n{ZH}", OWN),
    reply("confidentiality-notice", f"{OWN}\n\n本邮件含有保密信息，仅限于发送给上面地址中列出的个人。\n\n客户服务 <{US}> 于2026年11月26日周四 10:02写道：\n{quoted(ZH)}", OWN),
    reply("emoji-only", f"👍\n\n客户服务 <{US}> 于2026年11月26日周四 10:02写道：\n{quoted(ZH)}", "👍"),
    reply("one-word", f"好\n\n{HEAD_ZH}", "好"),
    reply("a-number-only", f"63\n\n{HEAD_ZH}", "63"),
    reply("windows-phone-zh", f"{OWN}\n\n从 Windows 版邮件发送\n\n发件人: 客户服务\n发送时间: 2026年11月26日 10:02\n收件人: 王小明\n主题: [{A}]\n\n{ZH}", OWN),
    reply("vivo", f"{OWN}\n发自vivo手机\n\n------ 原始邮件 ------\n发件人：客户服务\n收件人：王小明\n时间：2026/11/26 10:02\n主题：[{A}]\n{ZH}", OWN),
    reply("wps-mail", f"{OWN}\n\n在 2026/11/26 10:02:33，客户服务<{US}> 写道：\n\n{ZH}", OWN),
    reply("two-heads", f"{OWN}\n\n{HEAD_ZH}\n\n发件人: 王小明\n发送时间: 2026年11月26日 09:00\n收件人: 客户服务\n主题: x\n\n第一次来信。", OWN, absent=("第一次来信", "我们已收到您反映的问题")),
    reply("big5-label-utf8", "請回電。", "請回電。", charset="utf-8"),
    MadeUp("ooo-fr", mail("Absente.", subject=f"Réponse automatique : [{A}]", refs=ROOT_A), "auto", A),
    MadeUp("ooo-auto-reply-from", mail("away", subject="Re: x", refs=ROOT_A, more={"X-Autoreply-From": WANG}), "auto", A),
    MadeUp("ooo-outlook-zh-tw", mail("我不在辦公室。", subject=f"自動回覆： [{A}]", refs=ROOT_A), "auto", A),
    MadeUp("receipt-163", mail("您的邮件已被阅读", subject=f"已读回执：[{A}]", refs=ROOT_A), "auto", A),
    MadeUp("suppress-oof-of-a-person", mail("我本人写的。", refs=ROOT_A, more={"X-Auto-Response-Suppress": "DR, OOF"}), "reply", A, "我本人写的。"),
    MadeUp("person-quotes-an-absence-note", mail(f"我回来了，请继续。\n\n王小明 <{WANG}> 于2026年11月26日周四 10:02写道：\n> 这是来自QQ邮箱的假期自动回复邮件。", refs=ROOT_A), "reply", A, "我回来了，请继续。"),
    MadeUp("person-about-automatic-replies", mail("你们的自动回复机器坏了，打印不出单子。", sender=LI_NA, subject="自动回复机故障"), "new", None, "你们的自动回复机器坏了，打印不出单子。"),
    MadeUp("person-got-mail", mail("配件已收到，尽快安排安装。", refs=ROOT_A), "reply", A, "配件已收到，尽快安排安装。"),
    MadeUp("out-of-the-office-machine", mail("The printer out of the office area is broken.", sender=LI_NA, subject="printer"), "new", None, "The printer out of the office area is broken."),
    MadeUp("read-this", mail("See subject.", sender=LI_NA, subject="Reading lamp: broken"), "new", None, "See subject."),
    MadeUp("original-recipient-behind-a-forward", mail(multipart(("Content-Type: text/plain", "x"), ("Content-Type: message/delivery-status", f"Reporting-MTA: dns; x\n\nOriginal-Recipient: rfc822;{WANG}\nFinal-Recipient: rfc822;<inner77@backend.example.cn>\nAction: Failed\nStatus: 5.0.0\n"), ("Content-Type: text/rfc822-headers", f"Message-ID: {ROOT_A}")), sender=DAEMON, subject="Undelivered", content_type=REPORT), "bounce", A, failed=(WANG,)),
    MadeUp("bounce-ja", mail(f"次の受信者に配信できませんでした: {WANG}\nMessage-ID: {ROOT_A}", sender="postmaster@example.jp", subject="配信不能"), "bounce", A, failed=(WANG,)),
    MadeUp("bounce-de", mail(f"Ihre Nachricht an {WANG} konnte nicht zugestellt werden.\n\nMessage-ID: {ROOT_A}", sender="MAILER-DAEMON@gmx.example.org", subject="Unzustellbar: x"), "bounce", A, failed=(WANG,)),
    MadeUp("gmail-delay", mail(_report("delayed", WANG, ROOT_A, status="4.4.1"), sender=DAEMON, subject="Delivery Status Notification (Delay)", content_type=REPORT), "bounce", A, failed=()),
    MadeUp("two-bounced-of-two", mail(multipart(("Content-Type: text/plain", "x"), ("Content-Type: message/delivery-status", f"Reporting-MTA: dns; x\n\nFinal-Recipient: rfc822; {WANG}\nAction: failed\n\nFinal-Recipient: rfc822; {AGENT}\nAction: failed\n"), ("Content-Type: message/rfc822", f"Message-ID: {ROOT_A}\n\nx")), sender=DAEMON, subject="x", content_type=REPORT), "bounce", A, failed=(WANG, AGENT)),
    MadeUp("spoofed-display-name", mail("你好", sender=f'"{WANG}" <eve@example.org>', subject=f"[{A}]"), "new", None, "你好"),
    MadeUp("token-at-a-foreign-domain", mail("别家地址。", sender="eve@example.org", to=f"support+r.{TOKEN}@example.org"), "new", None, "别家地址。"),
    MadeUp("number-of-a-but-part-of-a-longer-one", mail("更长的数字。", subject=f"[{A}99999999]"), "new", None, "更长的数字。"),
    MadeUp("number-then-a-digit", mail("号后面有数字。", subject=f"{A} 2号柜"), "reply", A, "号后面有数字。"),
    MadeUp("semicolon-name", mail(multipart((B64, _b64("见附件。")), ('Content-Type: image/jpeg; name="a;b.jpg"\nContent-Disposition: attachment; filename="a;b.jpg"\nContent-Transfer-Encoding: base64', PNG)), sender=LI_NA, content_type=MIXED), "new", None, "见附件。", ("a;b.jpg",)),
    MadeUp("unquoted-name-with-blanks", mail(multipart((B64, _b64("见附件。")), ("Content-Type: image/jpeg\nContent-Disposition: attachment; filename=现场 照片 1.jpg\nContent-Transfer-Encoding: base64", PNG)), sender=LI_NA, content_type=MIXED), "new", None, "见附件。", ("现场 照片 1.jpg",)),
    MadeUp("q-word-name-without-charset-of-its-own", mail(multipart((B64, _b64("见附件。")), ("Content-Type: application/pdf; name=\"=?GBK?Q?=BC=EC=B2=E2.pdf?=\"\nContent-Transfer-Encoding: base64", "JVBERi0=")), sender=LI_NA, content_type=MIXED), "new", None, "见附件。", ("检测.pdf",)),
    MadeUp("related-in-alternative-in-mixed", mail(multipart(("Content-Type: multipart/related; boundary=r", multipart(("Content-Type: multipart/alternative; boundary=a", multipart((B64, _b64("三层。")), ("Content-Type: text/html", "<p>x</p>"), boundary="a")), ("Content-Type: image/png\nContent-ID: <i>\nContent-Transfer-Encoding: base64", PNG), boundary="r")), ("Content-Type: application/zip; name=a.zip\nContent-Disposition: attachment\nContent-Transfer-Encoding: base64", "UEs=")), sender=LI_NA, content_type=MIXED), "new", None, "三层。", ("image.png", "a.zip")),
    MadeUp("invite-only", mail("BEGIN:VCALENDAR\nMETHOD:REQUEST\nEND:VCALENDAR", sender=LI_NA, subject="现场会", content_type="text/calendar; method=REQUEST"), "new", None, None),
    MadeUp("calendar-answer-with-words", mail(multipart((B64, _b64("可以，但请改到十点。")), ("Content-Type: text/calendar; method=REPLY", "BEGIN:VCALENDAR")), refs=ROOT_A, content_type=ALTERNATIVE), "reply", A, "可以，但请改到十点。"),
    MadeUp("header-with-tab-folds", mail("折行。", sender=LI_NA).replace(b"Subject: ", b"Subject:\r\n\t"), "new", None, "折行。"),
    MadeUp("two-from-fields", mail("两个 From 字段。", sender=LI_NA, raw_headers=f"From: {WANG}\r\n".encode()), "new", None, "两个 From 字段。"),
    MadeUp("from-without-address", mail("hi", sender="Wang Xiaoming"), "refuse"),
    MadeUp("from-with-comment", mail("有注释。", sender=f"{LI_NA} (Li Na)"), "new", None, "有注释。"),
    MadeUp("from-in-angle-only", mail("尖括号。", sender=f"<{LI_NA}>"), "new", None, "尖括号。"),
    MadeUp("euc-jp", mail("故障です。".encode("euc-jp"), sender=LI_NA, charset="euc-jp"), "new", None, "故障です。"),
    MadeUp("shift-jis", mail("故障です。①".encode("cp932"), sender=LI_NA, charset="Shift_JIS"), "new", None, "故障です。①"),
    MadeUp("gbk-without-label", mail("没有写字符集。".encode("gbk"), sender=LI_NA, content_type="text/plain"), "new", None, "没有写字符集。"),
    MadeUp("gbk-short-word", mail("谩骂".encode("gbk"), sender=LI_NA, charset="gb2312"), "new", None, "谩骂"),
    MadeUp("utf8-labelled-gbk", mail("标错了字符集。".encode(), sender=LI_NA, charset="gbk"), "new", None, "标错了字符集。"),
    MadeUp("german-latin1", mail("Grüße aus Köln, Tür klemmt".encode("latin-1"), sender=LI_NA, charset="iso-8859-1"), "new", None, "Grüße aus Köln, Tür klemmt"),
    MadeUp("french-no-label", mail("L\u2019été à Genève, c\u2019est cassé".encode("cp1252"), sender=LI_NA, content_type="text/plain"), "new", None, None),
]
MADE_UP += MORE
