"""Write what the pages say of the code again: docs/commands.md, and in docs/rules.md the rules that no test cites.

`python docs/reference.py`. The tests in tests/docs fail where the pages say something else than the code.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
COMMANDS = ROOT / "docs" / "commands.md"
RULES = ROOT / "docs" / "rules.md"
_CITED = re.compile(r"\bR([1-9][0-9]?)(?:[-–]R?([1-9][0-9]?))?\b")
_BUILT = re.compile(r"^\| R([0-9]+) \|.*\| built", re.MULTILINE)
_UNCITED = re.compile(r"(?<=that do not name the rule: ).*(?=\.\n)")
_EXAMPLE = re.compile(r"^\s*Example: (.*)$", re.MULTILINE)
_COMMAND = re.compile(r"  ([a-z-]+(?: [a-z-]+)*?) +[A-Z]")
_KINDS = {"int": "N", "float": "N", "Path": "PATH"}
_NEEDED = "Needed. "
_HEAD = """# Commands

Every command of `bihuan`, made from the code by `python docs/reference.py`; `bihuan COMMAND --help` shows the same. Who
uses which, and for what, is in the [guide](guide.md).

Exit codes: 0 done, 1 refused or failed with one line on standard error, 2 wrong usage. `--debug` shows where an
unexpected error comes from, `--version` the release.

Options that many commands have, with the same meaning everywhere:

"""


def commands_page() -> str:
    """docs/commands.md as the code has it."""
    from starter.admin import build_app

    app = build_app()
    shared = _shared([_options(_found(app, words)) for named in sections().values() for words in named])
    lines = [_HEAD + _table(shared)]
    for title, named in sections().items():
        lines.append(f"\n## {title}\n")
        lines += [_section(words, _found(app, words), shared) for words in named]
    return "\n".join(lines)


def sections() -> dict[str, list[str]]:
    """The commands by the titles under which `bihuan --help` has them."""
    from starter.admin import run

    with redirect_stdout(StringIO()) as overview:
        run(["--help"])
    found: dict[str, list[str]] = {}
    for line in overview.getvalue().splitlines():
        if line.endswith(":") and not line.startswith(" "):
            found[line.removesuffix(":")] = named = []
        elif command := _COMMAND.match(line):
            named.append(command[1])
    return found


def uncited_rules() -> str:
    """The rules that are built and that no test cites, as docs/rules.md lists them."""
    cited = {
        number
        for file in (ROOT / "tests").rglob("*.py")
        if file.name != "test_rules.py"
        for number in numbers(file.read_text("utf-8"))
    }
    built = sorted({int(found[1]) for found in _BUILT.finditer(RULES.read_text("utf-8"))} - cited)
    return ", ".join(f"R{number}" for number in built) or "none"


def numbers(text: str) -> Iterator[int]:
    """The numbers of the rules that a text cites; a range is each of them."""
    for found in _CITED.finditer(text):
        first = int(found[1])
        yield from range(first, int(found[2] or first) + 1)


def _found(app: Any, words: str) -> Any:
    for word in words.split():
        app = app[word]
    return app


def _options(command: Any) -> list[tuple[str, str]]:
    """What may be typed after the command, and the help of each."""
    return [
        (_written(one), _NEEDED * _is_needed(one) + (one.parameter.help or "").strip())
        for one in command.assemble_argument_collection()
        if one.show
    ]


def _is_needed(argument: Any) -> bool:
    return bool(argument.required) and argument.field_info.kind is not inspect.Parameter.POSITIONAL_ONLY


def _written(argument: Any) -> str:
    name, kind = argument.name, argument.field_info.kind
    if kind is inspect.Parameter.POSITIONAL_ONLY:
        return str(name) if argument.required else f"[{name}]"
    hint = str(getattr(argument.hint, "__name__", argument.hint)).removesuffix(" | None")
    value = "" if argument.hint is bool else " " + _KINDS.get(hint.rpartition(".")[2], "TEXT")
    return f"{name}{value}"


def _shared(pages: Iterable[Sequence[tuple[str, str]]]) -> list[tuple[str, str]]:
    """Options that at least ten commands have alike."""
    seen: dict[tuple[str, str], int] = {}
    for options in pages:
        for option in options:
            seen[option] = seen.get(option, 0) + 1
    return [option for option, times in seen.items() if times >= 10]


def _section(words: str, command: Any, shared: Sequence[tuple[str, str]]) -> str:
    text = inspect.cleandoc(command.help or "")
    examples = _EXAMPLE.findall(text)
    about = _EXAMPLE.sub("", text)
    options = _options(command)
    own = [option for option in options if option not in shared]
    also = [f"`{name.split()[0]}`" for name, help_ in options if (name, help_) in shared and name.startswith("--")]
    arguments = [name for name, _ in options if not name.startswith("--")]
    lines = [f"### {words}\n", f"`{' '.join(['bihuan', words, *arguments])}`\n", _paragraphs(about)]
    if own:
        lines.append(_table(own))
    if also:
        lines.append(f"Also {', '.join(also)}.\n")
    if examples:
        lines.append("```console\n" + "\n".join(f"$ {example}" for example in examples) + "\n```\n")
    return "\n".join(lines)


def _paragraphs(text: str) -> str:
    """Running text as it is; lines of JSON as a block."""
    lines: list[str] = []
    for line in text.strip().splitlines():
        if line.startswith("{"):
            lines += ["", "```json", line, "```", ""]
        else:
            lines.append(line)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).replace("```\n\n```json\n", "").strip() + "\n"


def _table(options: Iterable[tuple[str, str]]) -> str:
    rows = [f"| `{name}` | {text.replace('|', chr(92) + '|')} |" for name, text in options]
    return "\n".join(["| option | what |", "|---|---|", *rows]) + "\n"


def main() -> int:
    """Write both."""
    COMMANDS.write_text(commands_page(), "utf-8")
    rules = RULES.read_text("utf-8")
    RULES.write_text(_UNCITED.sub(uncited_rules(), rules), "utf-8")
    return 0


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    sys.exit(main())
