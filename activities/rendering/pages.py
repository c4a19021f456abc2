"""Templates of whole pages for people to keep, as opposed to messages: shipped ones, which no company overrides."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from activities.rendering.labels import TEMPLATES


@cache
def environment() -> Environment:
    """Every value is escaped, and one that is missing is an error."""
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
