"""The lines that messages to staff say to type, held against the command line itself."""

from __future__ import annotations

import shlex

import pytest

from activities.messages.renderer import Renderer
from activities.messages.samples import sample_messages
from starter.admin import build_app
from workflows.domain.vocabulary import Audience, Locale


@pytest.mark.parametrize("locale", Locale)
def test_every_line_a_message_says_to_type_is_a_command(locale: Locale) -> None:
    app, renderer = build_app(), Renderer()
    lines = {
        line.strip()
        for told, about in sample_messages()
        if (about.recipient.locale, told.audience) == (locale, Audience.STAFF)
        for line in renderer.render(told, about).text.split("\n")
        if line.startswith("    ")
    }
    commands = {" ".join(shlex.split(line)[1:3]) for line in lines if line.startswith("bihuan review")}
    assert len(commands) >= 8
    for line in sorted(lines):
        program, *tokens = shlex.split(line)
        assert program == "bihuan"
        command, bound, _ = app.parse_args(tokens, exit_on_error=False, print_error=False)
        assert bound.arguments, (command, line)
