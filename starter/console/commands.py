"""The commands of `bihuan` by name: in which module each is, and what it is for in one line.

Modules stand here as text, and are imported when one of their commands is called: whoever asks for help, or for one
case, does not wait for what the others need.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Section(NamedTuple):
    """Commands that the overview shows together. A command is a function of `module`, see `function_name`."""

    title: str
    module: str
    commands: tuple[tuple[str, str], ...]
    """What people type, and what that does."""


SECTIONS: tuple[Section, ...] = (
    Section(
        "Run it",
        "starter.console.system.service",
        (
            ("up", "Run everything here: Temporal server, Web UI, worker and pages."),
            ("worker", "Run a worker alone, against the configured Temporal."),
            ("web", "Serve the pages for customers alone, beside workers."),
        ),
    ),
    Section("See it work", "starter.demo.command", (("demo", "Play whole stories of customers at high speed."),)),
    Section(
        "Take issues in",
        "starter.console.cases.intake",
        (
            ("open", "Register one issue from a JSON form and start its case."),
            ("import", "Register many issues from JSON Lines; again adds nothing twice."),
        ),
    ),
    Section(
        "See what is yours",
        "starter.console.cases.mine",
        (("mine", "What waits for you: cases by deadline, calls, escalations, tasks, reviews."),),
    ),
    Section(
        "See what is going on",
        "starter.console.cases.browse",
        (
            ("show", "One case: where it stands, who must act until when, and its history."),
            ("list", "Cases, filtered."),
            ("stuck", "What needs a person: overdue, unacknowledged, untold, undeliverable, failing."),
            ("outbox", "What was sent to whom, and how that ended."),
        ),
    ),
    Section(
        "Files of a case",
        "starter.console.cases.files",
        (
            ("attach", "Give files to a case, all of them or none."),
            ("files", "List the files of a case, or write them into a folder."),
        ),
    ),
    Section(
        "See whether all is well",
        "starter.console.system.doctor",
        (("doctor", "Check everything this installation needs; --mend takes up what was left lying."),),
    ),
    Section(
        "The ways messages go",
        "starter.console.system.channels",
        (
            ("channel list", "Mail, SMS vendors, gateways and robots of chat groups that are set up."),
            ("channel test", "What somebody would read by a channel; --send sends it."),
        ),
    ),
    Section(
        "The systems that are told of events",
        "starter.console.system.webhooks",
        (
            ("webhook list", "Systems that are told what happens in cases, and of what."),
            ("webhook test", "Send one a signed event now, and say what it answers."),
        ),
    ),
    Section(
        "The mailboxes",
        "starter.console.system.mailboxes",
        (
            ("mailbox list", "Mailboxes that are read, when last, and mails that a person has to see to."),
            ("mailbox check", "What would be done with each unread mail; changes nothing."),
            ("mailbox claim", "Let this installation read a mailbox, instead of another one."),
            ("mailbox done", "Note that you have seen to a mail that was kept aside."),
        ),
    ),
    Section(
        "Put it right",
        "starter.console.system.resending",
        (
            ("resend", "Send messages again that failed for good, such as while the mail server refused everybody."),
            ("bounced", "Note that a message came back although the mail server had taken it."),
        ),
    ),
    Section(
        "Where nothing else helps",
        "starter.console.system.lost",
        (("close-lost", "Close a case in the record that Temporal has lost for good."),),
    ),
    Section(
        "Learn from it",
        "starter.console.analysis",
        (("report", "Analyse a period: volumes, promises kept, escalations, satisfaction, what got worse."),),
    ),
    Section(
        "Work on a case",
        "starter.console.cases.staff",
        (
            ("claim", "Start work on a case you own."),
            ("reply", "Answer the customer with substance."),
            ("classify", "Correct type, subtype or priority."),
            ("assign", "Dispatch by hand, or hand over."),
            ("progress", "Record the update due every 24 hours; --contact: what the customer may know."),
            ("escalate", "Ask for help upwards, or in another department."),
            ("collaborate", "Ask another department for its part."),
            ("contribute", "Report a department's part as done, or as impossible."),
            ("link", "Let a main case answer this one too: one cause, many callers."),
            ("unlink", "Let a linked case go on alone."),
            ("request-info", "Ask the customer for what is missing."),
            ("resolve", "Give the solution, as the customer will read it."),
            ("told", "Record that you told the customer what no channel brings."),
            ("feedback", "The same as `told`, by its earlier name."),
            ("note", "Add an internal remark."),
            ("acknowledge", "Accept an escalation that came to you."),
            ("withdraw", "Close without a solution, with the reason."),
        ),
    ),
    Section(
        "Follow a changed policy",
        "starter.console.cases.retiming",
        (("retime", "Take up the present policy and calendar: one open case, some, or all."),),
    ),
    Section(
        "What the customer says",
        "starter.console.cases.customers",
        (
            ("supply", "Give the information that was asked for."),
            ("confirm", "Accept the solution."),
            ("refuse", "Not accept the solution; handling starts again."),
            ("rate", "Answer the satisfaction follow-up."),
        ),
    ),
    Section(
        "The rules",
        "starter.console.company.policy",
        (
            ("policy check", "Check a policy file."),
            ("policy due", "When each clock of a priority would be due."),
        ),
    ),
    Section(
        "Try the rules",
        "starter.console.company.trial",
        (
            ("trial", "What a policy would have meant for a log of cases."),
            ("export", "Your own past as such a log."),
        ),
    ),
    Section(
        "What was learned",
        "starter.console.knowledge",
        (
            ("kb search", "Articles that fit some words, the best first."),
            ("kb list", "Articles by their state: drafts wait for an editor."),
            ("kb show", "One article, and who changed it."),
            ("kb publish", "Put an article in force: new cases are pointed to it."),
            ("kb edit", "Change texts, type or product of an article."),
            ("kb retire", "Take an article out of every search."),
            ("kb learn", "Draft articles of cases that were closed before there was a knowledge base."),
        ),
    ),
    Section(
        "Reviews of closed cases",
        "starter.console.reviews.browse",
        (
            ("review list", "Which there are: late ones first."),
            ("review show", "One review: how far it is, who must act, its measures."),
            ("review draft", "A file to fill in and hand in."),
            ("review report", "The report as HTML and Markdown."),
        ),
    ),
    Section(
        "Work on a review",
        "starter.console.reviews.work",
        (
            ("review submit", "Hand in the report."),
            ("review assign", "Name the author of the report."),
            ("review approve", "Approve the report."),
            ("review return", "Give the report back, with the reason."),
            ("review end", "End a review that is not needed."),
            ("review measure done", "Report a measure as done."),
            ("review measure move", "Give a measure another owner or due time."),
        ),
    ),
    Section(
        "What is kept",
        "starter.console.cases.archive",
        (
            ("archive run", "Archive closed cases that are due, now and by hand."),
            ("archive list", "What is archived where, and what could not be."),
            ("archive show", "Read an archived case back."),
            ("archive verify", "Hold every archived file against its checksum."),
        ),
    ),
    Section(
        "What Temporal is not to read",
        "starter.console.system.encryption",
        (
            ("keys new", "Make a key for BIHUAN_ENCRYPTION_KEYS."),
            ("keys list", "Which keys there are, and how many workflows still need each."),
            ("codec", "Run an endpoint by which a Web UI reads what is encrypted."),
        ),
    ),
    Section(
        "The record",
        "starter.console.system.schema",
        (("db upgrade", "Bring the database to the schema of this release."),),
    ),
    Section(
        "Releases",
        "starter.console.system.releases",
        (
            ("release list", "Builds that workers were seen of, and which gets the cases."),
            ("release current", "Give all cases to the workers of a build."),
            ("release ramp", "Give some of the cases to a build, to see how it does."),
        ),
    ),
    Section(
        "Keep it safe",
        "starter.console.system.backup",
        (
            ("backup", "Copy the record and Temporal's file while cases go on."),
            ("restore", "Put such a copy into a new data folder."),
        ),
    ),
    Section(
        "The people",
        "starter.console.company.organisation",
        (
            ("org load", "Load an organisation file."),
            ("org handover", "Hand over the cases of people who left."),
        ),
    ),
    Section(
        "Who comes by the API",
        "starter.console.system.tokens",
        (
            ("token new", "A token for a person or a system; shown once."),
            ("token list", "Tokens: whose, for what, used when."),
            ("token revoke", "End a token."),
            ("audit", "Tokens made, revoked and refused, and who acted for another."),
        ),
    ),
    Section(
        "Who is signed in",
        "starter.console.system.sessions",
        (
            ("session new", "A one-time link by which a person signs in."),
            ("session list", "Who is signed in: how, since when, used when."),
            ("session revoke", "Sign somebody out."),
        ),
    ),
    Section(
        "From your own desk",
        "starter.console.login",
        (
            ("login", "Send your commands to a server, by its address and your token."),
            ("logout", "Forget the address and the token again."),
        ),
    ),
    Section(
        "For your shell",
        "starter.console.completion",
        (("completion", "A script for bash, zsh or fish that completes what you type."),),
    ),
)
GROUPS = {
    "policy": "Check a policy, or ask it for due times.",
    "org": "Load the organisation, hand over the cases of people who left.",
    "kb": "The knowledge base.",
    "channel": "The ways messages go: mail, SMS, robots of chat groups.",
    "webhook": "The company's own systems that are told of events.",
    "mailbox": "Mailboxes that mails of customers are read from.",
    "db": "The database of the record.",
    "session": "Who is signed in to the pages of the staff.",
    "token": "Tokens of people and systems for the API.",
    "keys": "The keys that what goes to Temporal is encrypted with.",
    "release": "Which build's workers get the cases.",
    "review": "Reviews of closed cases: their reports, and the measures that follow.",
    "review measure": "The measures of a review.",
    "archive": "Closed cases, kept in files of their own.",
}
"""Words under which there are several commands."""
DEFAULT_COMMANDS = {"review": "submit"}
"""What a group does when the number of a case follows its name."""
_SHADOWING = frozenset({"open", "import", "list", "return"})
"""Names a Python function would take from the language; theirs end with an underscore."""


_SERVED = frozenset({
    "starter.console.analysis", "starter.console.cases.browse", "starter.console.cases.customers",
    "starter.console.cases.files", "starter.console.cases.intake", "starter.console.cases.mine",
    "starter.console.cases.retiming", "starter.console.cases.staff", "starter.console.completion",
    "starter.console.knowledge", "starter.console.reviews.browse", "starter.console.reviews.work",
})  # fmt: skip
"""Modules of commands that a server answers where one is known; the others are for whoever sits at the server."""


def is_served(tokens: Sequence[str]) -> bool:
    """Whether the command that was typed is of those."""
    typed = " ".join(tokens)
    return any(
        f"{typed} ".startswith(f"{words} ")
        for section in SECTIONS
        if section.module in _SERVED
        for words, _ in section.commands
    )


def function_name(words: str) -> str:
    """The function of a command: `review measure done` is `measure_done`, `request-info` is `request_info`."""
    *path, name = words.split()
    function = "_".join([*path[1:], name]).replace("-", "_")
    return function + ("_" if function in _SHADOWING else "")
