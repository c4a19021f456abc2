"""docs/commands.md has every command and option as the program has them."""

from __future__ import annotations

from tests.docs.pages import ROOT, read, reference


def test_the_page_is_what_the_code_says() -> None:
    """A command or option is new, gone or renamed."""
    assert read(ROOT / "docs" / "commands.md") == reference().commands_page(), "run: python docs/reference.py"
