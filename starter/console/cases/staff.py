"""What agents, heads and operators do with a case; one command a signal."""

from __future__ import annotations

from typing import Annotated

from cyclopts import CycloptsError, Group, Parameter

from starter.backend.opening import goes_to_server, open_backend
from starter.console.acting import person_of_environment
from starter.console.case_number import find_number
from starter.console.editing import Edit, must_be_given
from starter.console.screen import AsJson, DataFolder, Number, print_json, print_rich
from starter.console.sender import HeardBy, OptionalText, RelayedBy, Sender, Why, company_zone, read_due, send_command
from workflows.domain.problem import Problem


async def claim(
    number: Number,
    /,
    *,
    department: Annotated[str | None, Parameter(help="Claim what this department was asked for.")] = None,
    sender: Sender,
) -> int:
    """Start work on a case you own, or on your department's part of a case.

    Example: bihuan claim FB202605110001 --as agent-001
    """
    return await send_command("claim", number, sender, department=department)


async def reply(
    number: Number,
    /,
    *,
    text: Annotated[str | None, Parameter(help="What the customer is told.")] = None,
    edit: Edit = False,
    sender: Sender,
) -> int:
    """Answer the customer with substance: this is what stops the response clock.

    Example: bihuan reply FB202605110001 --as agent-001 --text "已定位到同步服务异常,正在修复"
    """
    must_be_given("reply", edit=edit, text=text)
    about = {"text": "what the customer is told."} if edit else None
    return await send_command("reply", number, sender, edit=about, text=text)


async def classify(
    number: Number,
    /,
    *,
    why: Why,
    type: Annotated[str | None, Parameter(help="Id of the type, such as technical.")] = None,  # noqa: A002
    subtype: Annotated[str | None, Parameter(help="Subtype, such as 登录异常.")] = None,
    priority: Annotated[str | None, Parameter(help="P0, P1, P2 or P3.")] = None,
    sender: Sender,
) -> int:
    """Correct type, subtype or priority; give at least one, and why.

    Example: bihuan classify FB202605110001 --as agent-001 --priority P1 --why "影响全部用户"
    """
    return await send_command("classify", number, sender, type=type, subtype=subtype, priority=priority, why=why)


async def assign(
    number: Number,
    /,
    *,
    why: Why,
    to: Annotated[str | None, Parameter(help="Id of the new owner; without it the best fitting is chosen.")] = None,
    department: Annotated[str | None, Parameter(help="Id of the department to choose in.")] = None,
    sender: Sender,
) -> int:
    """Dispatch by hand, or hand over.

    Example: bihuan assign FB202605110001 --as tech-head --to agent-002 --why "换班"
    """
    return await send_command("assign", number, sender, to=to, department=department, why=why)


_OWNER, _CUSTOMER = Group("The owner records"), Group("A customer asks")


async def progress(
    number: Number,
    /,
    *,
    text: Annotated[str | None, Parameter(group=_OWNER, help="Where things stand, such as 方案测试中.")] = None,
    edit: Annotated[Edit, Parameter(group=_OWNER)] = False,
    internal: Annotated[bool, Parameter(group=_OWNER, negative=(), help="Not told to the customer.")] = False,
    step: Annotated[int | None, Parameter(group=_OWNER, help="Which step of the playbook is done, from 1.")] = None,
    why: Annotated[str | None, Parameter(group=_OWNER, help="Why the last update was missed, if it was.")] = None,
    by: Annotated[
        str | None,
        Parameter(
            name="--as", group=_OWNER, help="Who you are: a person's id, or operator; without it, whom BIHUAN_AS names."
        ),
    ] = None,
    command_id: Annotated[
        str | None, Parameter(group=_OWNER, help="The same id again is the same command; for retries.")
    ] = None,
    contact: Annotated[
        str | None, Parameter(group=_CUSTOMER, help="Phone number or mail address the case was opened with.")
    ] = None,
    locale: Annotated[
        str | None, Parameter(group=_CUSTOMER, help="zh_CN or en (default: the language of the form).")
    ] = None,
    as_json: AsJson = False,
    data: DataFolder = None,
) -> int:
    """Record the progress update that is due every 24 hours; or, with --contact, show what the customer may know.

    A wrong contact and an unknown number get the same answer. Tries are not counted here: whoever may run this
    command may read the whole record.

    Example: bihuan progress FB202605110001 --as agent-001 --text "已定位原因" --step 1
    Example: bihuan progress FB202605110001 --contact 13800138000 --locale en
    """
    own = {
        "--text": text,
        "--edit": edit,
        "--internal": internal,
        "--step": step,
        "--why": why,
        "--as": by,
        "--command-id": command_id,
    }
    if contact is not None:
        if mixed := next((name for name, value in own.items() if value), None):
            raise CycloptsError(msg=f"progress: {mixed} is the owner's, --contact the customer's; allowed: one of both")
        return await _asked_by_customer(number, contact, locale, as_json=as_json, data=data)
    if locale is not None:
        raise CycloptsError(msg="progress: --locale goes with --contact")
    by = by if by is not None else "" if goes_to_server(data) else person_of_environment()
    if (text is None and not edit) or by is None:
        missing = "--as" if text is not None or edit else "--text"
        raise CycloptsError(msg=f"progress: {missing} is missing; allowed: --text or --edit, and --as; or --contact")
    sender = Sender(by=by, command_id=command_id, as_json=as_json, data=data)
    about = {"text": "where things stand."} if edit else None
    return await send_command(
        "progress", number, sender, edit=about, text=text, internal=internal or None, step=step, why=why
    )


async def _asked_by_customer(number: str, contact: str, locale: str | None, *, as_json: bool, data: str | None) -> int:
    from workflows.domain.vocabulary import Locale

    if not contact.strip():
        raise Problem("--contact is empty; allowed: the phone number or mail address the case was opened with")
    if locale is not None and locale not in set(Locale):
        raise Problem(f"--locale {locale}: allowed: {', '.join(Locale)}")
    backend = open_backend(data)
    wanted = Locale(locale) if locale else None
    view = await backend.customer_view(await find_number(backend, number), contact, wanted)
    if view is None:
        raise Problem("there is no case with this number and contact")
    if as_json:
        print_json(view)
        return 0
    from starter.console.cases.customer_progress import CustomerProgress

    company = await backend.company()
    print_rich(*CustomerProgress(view, company, company.now()).parts())
    return 0


async def escalate(
    number: Number,
    /,
    *,
    why: Why,
    to_department: Annotated[str | None, Parameter(help="Sideways to this department instead of upwards.")] = None,
    sender: Sender,
) -> int:
    """Ask for help: upwards to your superior, or sideways to another department.

    Example: bihuan escalate FB202605110001 --as agent-001 --why "需要数据库权限"
    """
    return await send_command("escalate", number, sender, why=why, department=to_department)


async def collaborate(
    number: Number,
    /,
    *,
    department: Annotated[str, Parameter(help="Id of the department asked.")],
    duty: Annotated[str, Parameter(help="What it has to do.")],
    due: Annotated[
        str | None, Parameter(help="Until when, such as 2026-05-12T17:00, company time (default: by policy).")
    ] = None,
    sender: Sender,
) -> int:
    """Ask another department for its part; it picks one person there, and escalates inside it when late.

    Example: bihuan collaborate FB202605110001 --as agent-001 --department product --duty "确认需求"
    """
    until = read_due(due, await company_zone(sender), "--due") if due is not None else None
    return await send_command("collaborate", number, sender, department=department, duty=duty, due=until)


async def contribute(
    number: Number,
    /,
    *,
    department: Annotated[str, Parameter(help="Id of the department that answers.")],
    result: Annotated[str | None, Parameter(help="What was done.")] = None,
    cannot: Annotated[str | None, Parameter(help="Why it cannot be done.")] = None,
    sender: Sender,
) -> int:
    """Report a department's part as done, or as impossible.

    Example: bihuan contribute FB202605110001 --as product-head --department product --result "已确认"
    """
    if (result is None) == (cannot is None):
        raise Problem("contribute: give either --result or --cannot")
    return await send_command("contribute", number, sender, department=department, result=result, cannot=cannot)


async def request_info(
    number: Number,
    /,
    *,
    text: Annotated[str | None, Parameter(help="What the customer is asked.")] = None,
    edit: Edit = False,
    field: Annotated[
        tuple[str, ...], Parameter(help="A form key that is missing, such as description.steps; may be repeated.")
    ] = (),
    sender: Sender,
) -> int:
    """Ask the customer for what is missing; the case waits for the answer.

    Example: bihuan request-info FB202605110001 --as agent-001 --text "请补充操作步骤" --field description.steps
    """
    must_be_given("request-info", edit=edit, text=text)
    about = {"text": "what the customer is asked."} if edit else None
    return await send_command("request_info", number, sender, edit=about, text=text, fields=list(field) or None)


_SOLUTION = {
    "cause": "why it happened, so that the customer can follow.",
    "solution": "what solves it.",
    "cautions": "what the customer should mind; may stay empty.",
    "prevention": "how to keep it from happening again; may stay empty.",
}


async def resolve(
    number: Number,
    /,
    *,
    cause: Annotated[str | None, Parameter(help="Why it happened, so that the customer can follow.")] = None,
    solution: Annotated[str | None, Parameter(help="What solves it.")] = None,
    cautions: Annotated[str | None, Parameter(help="What the customer should mind.")] = None,
    prevention: Annotated[str | None, Parameter(help="How to keep it from happening again.")] = None,
    verified: Annotated[
        str | None, Parameter(help="Tried in a test environment first: yes, no or not_applicable.")
    ] = None,
    verified_note: Annotated[str | None, Parameter(help="How it was verified, or why not.")] = None,
    why_open: Annotated[
        str | None, Parameter(help="Why it is solved although a department still owes its part.")
    ] = None,
    edit: Edit = False,
    sender: Sender,
) -> int:
    """Give the solution, as the customer will read it.

    Example: bihuan resolve FB202605110001 --as agent-001 --cause "缓存过期" --solution "已更新缓存策略" --verified yes
    """
    must_be_given("resolve", edit=edit, cause=cause, solution=solution)
    return await send_command(
        "resolve",
        number,
        sender,
        edit=_SOLUTION if edit else None,
        cause=cause,
        solution=solution,
        cautions=cautions,
        prevention=prevention,
        verified=verified.replace("-", "_") if verified else None,
        verified_note=verified_note,
        why_open=why_open,
    )


async def told(number: Number, /, *, text: OptionalText = None, edit: Edit = False, sender: Sender) -> int:
    """Record that you told the customer what no channel brings, or the result where a call was wished.

    Example: bihuan told FB202605110001 --as agent-001 --text "已电话告知"
    """
    about = {"text": "a remark about the call."} if edit else None
    return await send_command("told", number, sender, edit=about, text=text)


async def feedback(number: Number, /, *, text: OptionalText = None, sender: Sender) -> int:
    """The same as `told`, by its earlier name.

    Example: bihuan feedback FB202605110001 --as agent-001 --text "已电话告知"
    """
    return await send_command("feedback", number, sender, text=text)


async def note(
    number: Number,
    /,
    *,
    text: Annotated[str | None, Parameter(help="The remark.")] = None,
    edit: Edit = False,
    sender: Sender,
) -> int:
    """Add an internal remark; the customer does not see it.

    Example: bihuan note FB202605110001 --as agent-001 --text "客户下午在线"
    """
    must_be_given("note", edit=edit, text=text)
    about = {"text": "a remark that the customer does not see."} if edit else None
    return await send_command("note", number, sender, edit=about, text=text)


async def acknowledge(number: Number, /, *, text: OptionalText = None, sender: Sender) -> int:
    """Accept an escalation that came to you, so that it goes no further.

    Example: bihuan acknowledge FB202605110001 --as tech-head
    """
    return await send_command("acknowledge", number, sender, text=text)


async def withdraw(
    number: Number, /, *, why: Why, relayed_by: RelayedBy = None, heard: HeardBy = None, sender: Sender
) -> int:
    """Close without a solution: the customer, or a superior with the reason.

    Example: bihuan withdraw FB202605110001 --as customer --why "问题已自行恢复"
    """
    return await send_command("withdraw", number, sender, why=why, relayed_by=relayed_by, heard=heard)


async def link(
    number: Number,
    /,
    *,
    to: Annotated[str, Parameter(help="Number of the open main case.")],
    why: Annotated[str | None, Parameter(help="Why the cause is one; needed where the products differ.")] = None,
    sender: Sender,
) -> int:
    """Let a main case answer this one too: one cause, many callers. Replies, progress and solution of the main case
    reach this customer as well, who accepts or refuses for themselves.

    Example: bihuan link FB202605110007 --to FB202605110001 --as agent-001
    """
    return await send_command(
        "link", number, sender, to=await find_number(open_backend(sender.data), to, "--to"), why=why
    )


async def unlink(number: Number, /, *, why: OptionalText = None, sender: Sender) -> int:
    """End the link to a main case: the case goes on alone.

    Example: bihuan unlink FB202605110007 --as agent-001 --why "另一个原因"
    """
    return await send_command("unlink", number, sender, why=why)
