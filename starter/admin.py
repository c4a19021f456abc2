"""The admin script `bihuan`: finds the command that was typed, calls it, and turns what goes wrong into one line."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from io import TextIOWrapper
from typing import TYPE_CHECKING, NoReturn

from starter.console.commands import DEFAULT_COMMANDS, GROUPS, SECTIONS, function_name
from workflows.domain.problem import Problem, printable

if TYPE_CHECKING:
    from cyclopts import App, CycloptsError

DONE, FAILED, MISUSED, INTERRUPTED = 0, 1, 2, 130

_TITLE = "Customer issues handled to the end: answered in time, escalated by themselves, closed by the customer."


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
    for section in SECTIONS:
        for words, line in section.commands:
            *path, name = words.split()
            target = f"{section.module}:{function_name(words)}"
            if not path:
                app.command(target, name=name)
                continue
            above = app
            for depth, word in enumerate(path, start=1):
                group = " ".join(path[:depth])
                if group not in groups:
                    groups[group] = App(name=word, help=GROUPS[group])
                    above.command(groups[group])
                above = groups[group]
            above.command(target, name=name, **({"help": line} if overview else {}))
    return app


def run(arguments: Sequence[str]) -> int:
    """Run one command line. Answers the exit code: 0 done, 1 refused or failed, 2 wrong usage."""
    debug = "--debug" in arguments
    tokens = [argument for argument in arguments if argument != "--debug"]
    if not tokens or tokens[0] in {"--help", "-h"}:
        # Answered without the command-line library, whose help takes most of a fifth of a second.
        sys.stdout.write(_overview())
        return DONE
    if len(tokens) > 1 and tokens[0] in DEFAULT_COMMANDS and any(char.isdigit() for char in tokens[1]):
        tokens.insert(1, DEFAULT_COMMANDS[tokens[0]])
    if misuse := _unknown_command(tokens):
        return _fail(misuse, MISUSED)
    return _call(tokens, debug=debug)


def _call(tokens: Sequence[str], *, debug: bool) -> int:
    from cyclopts import CycloptsError

    try:
        _leave_the_sender_to_the_token(tokens)
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


def _leave_the_sender_to_the_token(tokens: Sequence[str]) -> None:
    """Do not use the sender's variable where a server is asked: its token says who somebody is.

    Raises:
        Problem: the address or the token is not well-formed.
    """
    from starter.backend.opening import goes_to_server
    from starter.console.commands import is_served
    from worker.installation.config_file import PERSON_VARIABLE

    stays = any(typed.partition("=")[0] == "--data" for typed in tokens)
    if is_served(tokens) and not stays and goes_to_server(None):
        os.environ[PERSON_VARIABLE] = ""


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
    sys.stderr.write(f"bihuan: {printable(text)}\n")
    return code


def _plain(error: CycloptsError) -> str:
    return " ".join(str(error).split()).rstrip(".")


def _overview() -> str:
    lines = ["Usage: bihuan COMMAND [OPTIONS]", "", _TITLE]
    for title, _, commands in SECTIONS:
        width = max(14, *(len(name) for name, _ in commands))
        lines += ["", f"{title}:", *(f"  {name:<{width}} {line}" for name, line in commands)]
    lines += ["", "bihuan COMMAND --help explains one; --debug shows where an unexpected error comes from."]
    return "\n".join(lines) + "\n"


def _asks_for_overview(tokens: Sequence[str]) -> bool:
    words = [token for token in tokens if token not in {"--help", "-h"}]
    return " ".join(words) in GROUPS


def _unknown_command(tokens: Sequence[str]) -> str | None:
    """Said here: the command-line library would import every command to find a near one."""
    names = [name for section in SECTIONS for name, _ in section.commands]
    wanted, *rest = tokens
    if wanted == "--version":
        return None
    known = [name.partition(" ")[0] for name in names]
    while wanted in GROUPS:
        if not rest or rest[0] in {"--help", "-h"}:
            return None
        begun = f"{wanted} "
        wanted, known = begun + rest.pop(0), [name for name in names if name.startswith(begun)]
        known += [group for group in GROUPS if group.startswith(begun)]
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
