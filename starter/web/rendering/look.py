"""How a company's portal looks: a file of its own, `web/site.toml` in its templates folder, before the shipped one."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Final

from pydantic import AfterValidator, Field

from activities.document_text import read_toml_table
from activities.rendering.labels import TEMPLATES
from activities.toml_file import read_toml
from workflows.domain.model import Fact
from workflows.domain.vocabulary import Locale

FILE: Final = Path("web") / "site.toml"
_ENOUGH_CONTRAST: Final = 4.5
"""Of WCAG 2.2 AA: white text on the colour, and the colour on white."""


def _readable(colour: str) -> str:
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", colour):
        raise ValueError("is no colour; allowed: such as #1d5fa8")
    contrast = 1.05 / (_luminance(colour) + 0.05)
    if contrast < _ENOUGH_CONTRAST:
        raise ValueError(f"is too light to be read on white ({contrast:.1f}:1); allowed: at least {_ENOUGH_CONTRAST}:1")
    return colour.lower()


def _luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


Texts = dict[Locale, Annotated[str, Field(max_length=20_000)]]
Line = Annotated[str, Field(max_length=200)]


class Look(Fact):
    """What is the company's own on every page.

    Attributes:
        colour: of the head, links and buttons.
        names: of the service, by language; without one the company's name.
        icp: ICP record number of the address, such as 京ICP备12345678号; empty: none.
        police: record number of the public security (公安备案), shown beside it.
        privacy: the privacy notice, by language; paragraphs have an empty line between them.
    """

    colour: Annotated[str, AfterValidator(_readable)] = "#1d5fa8"
    names: Texts = Field(default_factory=dict)
    icp: Line = ""
    police: Line = ""
    privacy: Texts = Field(default_factory=dict)

    @property
    def police_code(self) -> str:
        """The digits in it, by which its own page is found."""
        return "".join(re.findall(r"[0-9]", self.police))

    def paragraphs(self, locale: Locale) -> list[str]:
        """The paragraphs of the privacy notice."""
        text = self.privacy.get(locale) or next(iter(self.privacy.values()), "")
        return [part.strip() for part in text.split("\n\n") if part.strip()]


def read_look(templates: Path | None) -> Look:
    """The company's own values before the shipped ones.

    Raises:
        Problem: the file is not well-formed; one line that says what is wrong, where, and what is allowed.
    """
    own = templates / FILE if templates is not None else None
    if own is None or not own.is_file():
        return read_toml(TEMPLATES / FILE, Look)
    shipped = read_toml_table(TEMPLATES / FILE)
    return read_toml(own, Look, lambda given: {**shipped, **given})
