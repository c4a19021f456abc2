"""`bihuan completion`: what a shell offers while a command is typed. The script knows commands and options by itself;
only for numbers and people it asks this program, which has to answer at once.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Sequence
from typing import Annotated, NamedTuple

from cyclopts import App, Parameter

from starter.backend.opening import open_backend
from starter.console.acting import person_of_environment
from starter.console.commands import GROUPS, SECTIONS, function_name
from starter.console.screen import DataFolder
from workflows.domain.problem import Problem

_PLAIN = re.compile(r"[\w.@+-]+")
_SHELLS = ("bash", "zsh", "fish")
_PEOPLE = ("--as", "--owner", "--relayed-by", "--to")
"""Options that name a person."""


async def completion(
    what: Annotated[str, Parameter(help="bash, zsh or fish: the script; numbers or people: what it asks for.")],
    /,
    *,
    data: DataFolder = None,
) -> None:
    """The script by which a shell completes commands, options, numbers of your open cases and people's ids. Yours are
    the cases of whom BIHUAN_AS names; without it, the latest of everybody are offered.

    Example: bihuan completion bash > ~/.local/share/bash-completion/completions/bihuan
    Example: bihuan completion zsh > ~/.bihuan-completion.zsh
    Example: bihuan completion fish > ~/.config/fish/completions/bihuan.fish
    """
    if what in {"numbers", "people"}:
        for word in await (_numbers(data) if what == "numbers" else _people(data)):
            # Shells run what they find in a word that they are offered, and a server may offer anything.
            if _PLAIN.fullmatch(word):
                print(word)
    elif what in _SHELLS:
        print(_fish() if what == "fish" else _bash(zsh=what == "zsh"), end="")
    else:
        raise Problem(f"completion {what}: allowed: {', '.join(_SHELLS)}; numbers, people")


async def _numbers(data: str | None) -> Sequence[str]:
    return await open_backend(data).suggested_numbers(person_of_environment())


async def _people(data: str | None) -> Sequence[str]:
    return sorted((await open_backend(data).people()).names)


class _Option(NamedTuple):
    name: str
    about: str
    takes_value: bool


class _Command(NamedTuple):
    words: str
    about: str
    takes_number: bool
    options: Sequence[_Option]


def _commands() -> Iterator[_Command]:
    """Every command with its options; this imports all of them."""
    for section in SECTIONS:
        for words, about in section.commands:
            app = App(name="bihuan")
            app.command(f"{section.module}:{function_name(words)}", name="it")
            arguments = [one for one in app["it"].assemble_argument_collection() if one.show]
            options = [
                _Option(name, " ".join((one.parameter.help or "").split()), one.hint is not bool)
                for one in arguments
                for name in one.names
                if name.startswith("--")
            ]
            positional = [one.name for one in arguments if one.field_info.kind is inspect.Parameter.POSITIONAL_ONLY]
            yield _Command(words, about, positional[:1] == ["NUMBER"], options)


def _below(group: str) -> list[str]:
    """What may follow these words, one word each."""
    names = [words for section in SECTIONS for words, _ in section.commands]
    begun = f"{group} " if group else ""
    return sorted({name.removeprefix(begun).partition(" ")[0] for name in names if name.startswith(begun)})


def _bash(*, zsh: bool) -> str:
    commands = list(_commands())
    known = "|".join(dict.fromkeys([*GROUPS, *(one.words for one in commands)]))
    options = "\n".join(
        f'        "{one.words}") offered="{" ".join(option.name for option in one.options)} --help" ;;'
        for one in commands
    )
    groups = "\n".join(f'        "{group}") offered="{" ".join(_below(group))}" ;;' for group in ("", *GROUPS))
    numbered = "|".join(f'"{one.words}"' for one in commands if one.takes_number)
    begin = "autoload -U +X bashcompinit && bashcompinit\n" if zsh else ""
    return _BASH.format(
        begin=begin, known=known, options=options, groups=groups, numbered=numbered, people="|".join(_PEOPLE)
    )


_BASH = """\
{begin}_bihuan() {{
    local cur="${{COMP_WORDS[COMP_CWORD]}}" prev="${{COMP_WORDS[COMP_CWORD-1]}}" typed="" next i offered=""
    COMPREPLY=()
    for ((i = 1; i < COMP_CWORD; i++)); do
        next="${{typed:+$typed }}${{COMP_WORDS[i]}}"
        case "|{known}|" in
        *"|$next|"*) typed="$next" ;;
        *) break ;;
        esac
    done
    case "$prev" in
    {people}) offered="$(bihuan completion people 2>/dev/null)" ;;
    *)
        case "$cur" in
        -*)
        case "$typed" in
{options}
        esac ;;
        *)
        case "$typed" in
        {numbered}) offered="$(bihuan completion numbers 2>/dev/null)" ;;
        esac
        ((i == COMP_CWORD)) && case "$typed" in
{groups}
        esac ;;
        esac ;;
    esac
    COMPREPLY=($(compgen -W "$offered" -- "$cur"))
}}
complete -o default -F _bihuan bihuan
"""


def _fish() -> str:
    commands = list(_commands())
    known = " ".join(f"'{words}'" for words in dict.fromkeys([*GROUPS, *(one.words for one in commands)]))
    lines = [_FISH.format(known=known)]
    abouts = {**GROUPS, **{one.words: one.about for one in commands}}
    for group in ("", *GROUPS):
        for word in _below(group):
            about = _quoted(abouts.get(f"{group} {word}".strip(), ""))
            lines.append(f"complete -c bihuan -n '__bihuan_at \"{group}\"' -f -a {word} -d {about}")
    for one in commands:
        at = f"complete -c bihuan -n '__bihuan_at \"{one.words}\"'"
        if one.takes_number:
            lines.append(f"{at} -f -a '(bihuan completion numbers 2>/dev/null)'")
        for option in one.options:
            value = " -x -a '(bihuan completion people 2>/dev/null)'" if option.name in _PEOPLE else " -r"
            name, about = option.name.removeprefix("--"), _quoted(option.about)
            lines.append(f"{at} -l {name}{value if option.takes_value else ''} -d {about}")
    return "\n".join(lines) + "\n"


_FISH = """\
function __bihuan_at
    set -l known {known}
    set -l typed ''
    for word in (commandline -opc)[2..-1]
        set -l next (string trim -- "$typed $word")
        contains -- "$next" $known; or break
        set typed $next
    end
    test "$typed" = "$argv[1]"
end
"""


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
