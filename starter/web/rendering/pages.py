"""Templates filled: `templates/web/*.html` with the words of `templates/<locale>/web.toml`.

A company's folder overrides both, templates file by file and words key by key. One of its templates that fails gives
way to the shipped one, so that no fault of a file closes the door.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from activities.document_text import read_toml_table
from activities.rendering.engine import company_environment, fault, shipped_environment
from activities.rendering.labels import TEMPLATES, words_in
from starter.web.rendering.look import read_look
from workflows.domain.problem import Problem
from workflows.domain.vocabulary import Locale

_log = logging.getLogger("bihuan.web")
LANGUAGES: Final = {Locale.ZH_CN: "zh-CN", Locale.EN: "en"}
"""What `lang` says of a page."""


class Pages:
    """Renders pages; templates are compiled once, and read again when a file changes.

    Raises:
        Problem: the company's words are not well-formed, or have a key that there is not.
    """

    def __init__(self, company_templates: Path | None = None) -> None:
        self._folder = company_templates
        self._shipped = shipped_environment()
        self._company = company_environment(company_templates) if company_templates else None
        self._words = {locale: _own_words(company_templates, locale) for locale in Locale}

    def words(self, locale: Locale) -> Mapping[str, Any]:
        """Every text of the pages in that language, by section and key."""
        return self._words[locale]

    def render(self, template: str, locale: Locale, values: Mapping[str, object]) -> str:
        """The page as HTML; every value in it is escaped."""
        given = {**values, "w": self.words(locale), "locale": locale, "lang": LANGUAGES[locale]}
        name = f"web/{template}"
        if self._company is not None and self._folder is not None:
            try:
                return self._company.get_template(name).render(given)
            except Exception as error:  # noqa: BLE001 - whatever a company's template does, there is a page
                path = self._folder / name
                _log.error("%s; the shipped template was used", fault(error, path))
        return self._shipped.get_template(name).render(given)


def page_faults(folder: Path) -> list[str]:
    """What is wrong with a company's files of the pages: their look, their words, their templates; one line a fault."""
    faults: list[str] = []
    for read in (lambda: read_look(folder), lambda: Pages(folder)):
        try:
            read()
        except Problem as problem:
            faults += str(problem).splitlines()
    environment = company_environment(folder)
    for path in sorted((folder / "web").glob("*.html")):
        if not (TEMPLATES / "web" / path.name).is_file():
            allowed = ", ".join(sorted(found.name for found in (TEMPLATES / "web").glob("*.html")))
            faults.append(f"{path}: overrides nothing; pages are {allowed}")
            continue
        try:
            environment.get_template(f"web/{path.name}")
        except Exception as error:  # noqa: BLE001 - each fault is reported, none ends the check
            faults.append(fault(error, path))
    return faults


def shipped_words(locale: Locale) -> dict[str, Any]:
    """The shipped texts of the pages."""
    return words_in("web.toml", locale)


def _own_words(folder: Path | None, locale: Locale) -> dict[str, Any]:
    shipped = shipped_words(locale)
    own = folder / locale.value / "web.toml" if folder is not None else None
    if own is None or not own.is_file():
        return shipped
    given = read_toml_table(own)
    if faults := list(_faults(shipped, given)):
        raise Problem("\n".join(f"{own}: {line}" for line in faults))
    return _merged(shipped, given)


def _faults(shipped: Mapping[str, Any], given: Mapping[str, Any], above: str = "") -> Iterator[str]:
    for key, value in given.items():
        where = f"{above}{key}"
        if key not in shipped:
            yield f"{where}: is no text of the pages; allowed: {', '.join(shipped)}"
        elif isinstance(shipped[key], dict) and isinstance(value, dict):
            yield from _faults(shipped[key], value, f"{where}.")
        elif type(value) is not type(shipped[key]):
            yield f"{where}: is no text; allowed: {'a table' if isinstance(shipped[key], dict) else 'text in quotes'}"
        elif isinstance(value, str) and (unknown := _slots(value) - _slots(shipped[key])):
            allowed = ", ".join(f"{{{slot}}}" for slot in sorted(_slots(shipped[key]))) or "none"
            yield f"{where}: {{{min(unknown)}}} is not known here; allowed: {allowed}"


def _slots(text: str) -> set[str]:
    """The names in braces that are filled in."""
    from string import Formatter

    try:
        return {name for _, name, _, _ in Formatter().parse(text) if name is not None}
    except ValueError:
        return {text}


def _merged(shipped: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: _merged(value, given[key]) if isinstance(value, dict) and key in given else given.get(key, value)
        for key, value in shipped.items()
    }
