"""The admin script `bihuan`: the commands by name; what a command needs is imported when it is called."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from io import TextIOWrapper
from typing import TYPE_CHECKING, NoReturn

from workflows.domain.problem import Problem

if TYPE_CHECKING:
    from cyclopts import App, CycloptsError

DONE, FAILED, MISUSED, INTERRUPTED = 0, 1, 2, 130

_TITLE = "Customer issues handled to the end: answered in time, escalated by themselves, closed by the customer."
_COMMANDS: tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...] = (
    (
        "Run it",
        "starter.console.system.service",
        (
            ("up", "Run everything here: Temporal server, Web UI and worker."),
            ("worker", "Run a worker alone, against the configured Temporal."),
        ),
    ),
    ("See it work", "starter.demo.command", (("demo", "Play whole stories of customers at high speed."),)),
    (
        "Take issues in",
        "starter.console.cases.intake",
        (
            ("open", "Register one issue from a JSON form and start its case."),
            ("import", "Register many issues from JSON Lines; again adds nothing twice."),
        ),
    ),
    (
        "See what is going on",
        "starter.console.cases.browse",
        (
            ("show", "One case: where it stands, who must act until when, and its history."),
            ("list", "Cases, filtered."),
            ("stuck", "What needs a person: overdue, unacknowledged, undeliverable, failing."),
            ("outbox", "What was sent to whom, and how that ended."),
        ),
    ),
    (
        "See whether all is well",
        "starter.console.system.doctor",
        (("doctor", "Check everything this installation needs; --mend takes up what was left lying."),),
    ),
    (
        "Put it right",
        "starter.console.system.resending",
        (("resend", "Send messages again that failed for good, such as while the mail server refused everybody."),),
    ),
    (
        "Where nothing else helps",
        "starter.console.system.lost",
        (("close-lost", "Close a case in the record that Temporal has lost for good."),),
    ),
    (
        "Learn from it",
        "starter.console.analysis",
        (("report", "Analyse a period: volumes, promises kept, escalations, satisfaction, what got worse."),),
    ),
    (
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
            ("feedback", "Record that the customer was told the result by a person."),
            ("note", "Add an internal remark."),
            ("acknowledge", "Accept an escalation that came to you."),
            ("withdraw", "Close without a solution, with the reason."),
        ),
    ),
    (
        "Follow a changed policy",
        "starter.console.cases.retiming",
        (("retime", "Take up the present policy and calendar: one open case, some, or all."),),
    ),
    (
        "What the customer says",
        "starter.console.cases.customers",
        (
            ("supply", "Give the information that was asked for."),
            ("confirm", "Accept the solution."),
            ("refuse", "Not accept the solution; handling starts again."),
            ("rate", "Answer the satisfaction follow-up."),
        ),
    ),
    (
        "The rules",
        "starter.console.company.policy",
        (
            ("policy check", "Check a policy file."),
            ("policy due", "When each clock of a priority would be due."),
        ),
    ),
    (
        "Try the rules",
        "starter.console.company.trial",
        (
            ("trial", "What a policy would have meant for a log of cases."),
            ("export", "Your own past as such a log."),
        ),
    ),
    (
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
    (
        "Reviews of closed cases",
        "starter.console.reviews.browse",
        (
            ("review list", "Which there are: late ones first."),
            ("review show", "One review: how far it is, who must act, its measures."),
            ("review draft", "A file to fill in and hand in."),
            ("review report", "The report as HTML and Markdown."),
        ),
    ),
    (
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
    (
        "What is kept",
        "starter.console.cases.archive",
        (
            ("archive run", "Archive closed cases that are due, now and by hand."),
            ("archive list", "What is archived where, and what could not be."),
            ("archive show", "Read an archived case back."),
            ("archive verify", "Hold every archived file against its checksum."),
        ),
    ),
    (
        "What Temporal is not to read",
        "starter.console.system.encryption",
        (
            ("keys new", "Make a key for BIHUAN_ENCRYPTION_KEYS."),
            ("keys list", "Which keys there are, and how many workflows still need each."),
            ("codec", "Run an endpoint by which a Web UI reads what is encrypted."),
        ),
    ),
    (
        "The record",
        "starter.console.system.schema",
        (("db upgrade", "Bring the database to the schema of this release."),),
    ),
    (
        "Releases",
        "starter.console.system.releases",
        (
            ("release list", "Builds that workers were seen of, and which gets the cases."),
            ("release current", "Give all cases to the workers of a build."),
            ("release ramp", "Give some of the cases to a build, to see how it does."),
        ),
    ),
    (
        "Keep it safe",
        "starter.console.system.backup",
        (
            ("backup", "Copy the record and Temporal's file while cases go on."),
            ("restore", "Put such a copy into a new data folder."),
        ),
    ),
    ("The people", "starter.console.company.organisation", (("org load", "Load an organisation file."),)),
)
_GROUPS = {
    "policy": "Check a policy, or ask it for due times.",
    "org": "Load the organisation.",
    "kb": "The knowledge base.",
    "db": "The database of the record.",
    "keys": "The keys that what goes to Temporal is encrypted with.",
    "release": "Which build's workers get the cases.",
    "review": "Reviews of closed cases: their reports, and the measures that follow.",
    "review measure": "The measures of a review.",
    "archive": "Closed cases, kept in files of their own.",
}
_DEFAULTS = {"review": "submit"}
"""What a group does when a case's number follows its name."""


_SHADOWING = frozenset({"open", "import", "list", "return"})
"""Names a Python function would take from the language; theirs end with an underscore."""


def build_app(*, overview: bool = False) -> App:
    """The command line, none of its commands imported; `overview` is for the help of a group, one line a command."""
    from cyclopts import App

    app = App(
        name="bihuan",
        help=_TITLE,
        help_format="plaintext",
        help_formatter="plain",
        version=_version,
        result_action="return_value",
    )
    groups: dict[str, App] = {}
    for _, module, commands in _COMMANDS:
        for words, line in commands:
            *path, name = words.split()
            target = f"{module}:{_function('_'.join([*path[1:], name]))}"
            if not path:
                app.command(target, name=name)
                continue
            above = app
            for depth, word in enumerate(path, start=1):
                group = " ".join(path[:depth])
                if group not in groups:
                    groups[group] = App(name=word, help=_GROUPS[group])
                    above.command(groups[group])
                above = groups[group]
            above.command(target, name=name, **({"help": line} if overview else {}))
    return app


def run(arguments: Sequence[str]) -> int:
    """One command line. Answers the exit code: 0 done, 1 refused or failed, 2 wrong usage."""
    debug = "--debug" in arguments
    tokens = [argument for argument in arguments if argument != "--debug"]
    if not tokens or tokens[0] in {"--help", "-h"}:
        # Answered without the command-line library, whose help takes most of a fifth of a second.
        sys.stdout.write(_overview())
        return DONE
    if len(tokens) > 1 and tokens[0] in _DEFAULTS and any(char.isdigit() for char in tokens[1]):
        tokens.insert(1, _DEFAULTS[tokens[0]])
    if misuse := _unknown_command(tokens):
        return _fail(misuse, MISUSED)
    return _call(tokens, debug=debug)


def _call(tokens: Sequence[str], *, debug: bool) -> int:
    from cyclopts import CycloptsError

    try:
        result = build_app(overview=_asks_for_overview(tokens))(tokens, exit_on_error=False, print_error=False)
    except Problem as problem:
        return _fail(str(problem), FAILED)
    except CycloptsError as error:
        return _fail(f"{_plain(error)} (see bihuan {tokens[0]} --help)", MISUSED)
    except KeyboardInterrupt:
        return _fail("interrupted", INTERRUPTED)
    except Exception as error:
        if debug or isinstance(error, BrokenPipeError):
            raise
        cause = getattr(error, "orig", None) or error
        detail = (str(cause).splitlines() or [""])[0][:300]
        if type(error).__module__.startswith("sqlalchemy."):
            return _fail(f"the database cannot be used: {detail} (--debug shows where)", FAILED)
        return _fail(f"unexpected {type(error).__name__}: {detail} (--debug shows where)", FAILED)
    return result if isinstance(result, int) else DONE


def main() -> NoReturn:
    """The console script."""
    # Together a tenth of what a short command costs: imports leave no garbage to look for, and Pydantic would search
    # every installed package for plugins of its own.
    gc.set_threshold(100_000)
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # What customers write must not fail a command on a terminal that knows no Chinese.
            stream.reconfigure(errors="backslashreplace")
    code = _written(sys.argv[1:])
    if "temporalio.bridge.runtime" in sys.modules:
        # Threads of the engine's library now and then abort an interpreter that finalizes: nothing is left to do
        # here, and the exit code has to be the command's.
        os._exit(code)
    sys.exit(code)


def _written(arguments: Sequence[str]) -> int:
    """Run it to the last byte of its answer, which the other end of a pipe may not want to read."""
    try:
        code = run(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        code = DONE
    except OSError as error:
        code = _fail(f"the answer cannot be written: {error.strerror}", FAILED)
    else:
        return code
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return code


def _fail(text: str, code: int) -> int:
    sys.stderr.write(f"bihuan: {text}\n")
    return code


def _plain(error: CycloptsError) -> str:
    return " ".join(str(error).split()).rstrip(".")


def _function(name: str) -> str:
    return name.replace("-", "_") + ("_" if name in _SHADOWING else "")


def _overview() -> str:
    lines = ["Usage: bihuan COMMAND [OPTIONS]", "", _TITLE]
    for group, _, commands in _COMMANDS:
        width = max(14, *(len(name) for name, _ in commands))
        lines += ["", f"{group}:", *(f"  {name:<{width}} {line}" for name, line in commands)]
    lines += ["", "bihuan COMMAND --help explains one; --debug shows where an unexpected error comes from."]
    return "\n".join(lines) + "\n"


def _asks_for_overview(tokens: Sequence[str]) -> bool:
    words = [token for token in tokens if token not in {"--help", "-h"}]
    return " ".join(words) in _GROUPS


def _unknown_command(tokens: Sequence[str]) -> str | None:
    """Said here: the command-line library would import every command to find a near one."""
    names = [name for _, _, commands in _COMMANDS for name, _ in commands]
    wanted, *rest = tokens
    if wanted == "--version":
        return None
    known = [name.partition(" ")[0] for name in names]
    while wanted in _GROUPS:
        if not rest or rest[0] in {"--help", "-h"}:
            return None
        begun = f"{wanted} "
        wanted, known = begun + rest.pop(0), [name for name in names if name.startswith(begun)]
        known += [group for group in _GROUPS if group.startswith(begun)]
    return None if wanted in known else f"no command {wanted!r}{_nearest(wanted, known)} (see bihuan --help)"


def _nearest(word: str, known: Sequence[str]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(word, known, n=1)
    return f"; did you mean {close[0]}?" if close else ""


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("bihuan")
    except PackageNotFoundError:
        return "(not installed)"
