"""Templates of whole pages for people to keep, as opposed to messages: shipped ones, which no company overrides."""

from __future__ import annotations

from functools import cache

from jinja2 import ChainableUndefined, Environment, FileSystemLoader, StrictUndefined, select_autoescape

from activities.rendering import markdown
from activities.rendering.labels import TEMPLATES


@cache
def environment() -> Environment:
    """Every value in HTML is escaped; in Markdown templates use the filters. A value that is missing is an error."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(("html",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update({"cell": markdown.cell, "block": markdown.block})
    return made


@cache
def lenient_environment() -> Environment:
    """The same, where a value that is missing is nothing; made once, because it compiles its templates for itself."""
    return environment().overlay(undefined=ChainableUndefined)
