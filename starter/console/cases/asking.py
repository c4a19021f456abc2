"""The form question by question, for whoever types it in while the customer is on the telephone (R1, R3)."""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from activities.rendering.form_text import form_lines
from activities.rendering.labels import label, labels
from starter.console.cases.form import put
from starter.console.json_lines import interruptible
from workflows.domain.form_fields import CONTACTS
from workflows.domain.problem import Problem, printable
from workflows.domain.vocabulary import Channel, Contact, Locale

if TYPE_CHECKING:
    from starter.backend.port import FormCheck

_NEEDED = frozenset({"channel", "customer.name", "description.symptom"})
_HOPES = "hope"
_LOOK, _LINE = 0.2, 1 << 16
"""Seconds between looks, and bytes of a line at most."""
_YES = frozenset({"y", "yes", "是", "1"})
_NO = frozenset({"n", "no", "否", "0"})


@dataclass
class Questions:
    """Asks for a form. Prompts go to standard error, so that standard output stays the answer."""

    check: FormCheck
    locale: Locale
    receiver: str | None = None
    """Who takes it down, where that is known."""

    def ask(self) -> dict[str, Any] | None:
        """The form as it is to be registered; None where it was dropped in the end.

        Raises:
            Problem: the input ended before that.
            KeyboardInterrupt: Ctrl-C; nothing is kept.
        """
        # Before the first prompt: asyncio would only note a Ctrl-C, and go on waiting.
        with interruptible():
            return self._ask()

    def _ask(self) -> dict[str, Any] | None:
        form: dict[str, Any] = {}
        for key in self._keys():
            self._fill(form, key)
            if key == CONTACTS[-1].key:
                self._need_contact(form)
        if self.receiver and self.check.section_fault({"received_by": self.receiver}) is None:
            form["received_by"] = self.receiver
        while fault := self.check.form_fault(form):
            self._say(fault)
            self._fill(form, self._at_fault(fault))
        self._say(f"\n{self._word('will_send')}")
        for name, said in form_lines(form, self.locale):
            self._say(f"  {name}: {said}")
        while (answer := self._read(f"{self._word('send')} ").casefold()) not in _YES | _NO:
            pass
        return form if answer in _YES else None

    def _keys(self) -> Iterator[str]:
        yield from ("channel", "customer.name", "customer.company")
        yield from (field.key for field in CONTACTS)
        yield from ("customer.preferred_contact", "product", "type", "description.symptom", "description.steps")
        yield from ("description.expected", "description.actual", "occurred_at")
        yield from ("impact.blocks_normal_use", "impact.effect", "hoped_for")

    def _fill(self, form: dict[str, Any], key: str) -> None:
        """Ask for one field until what is typed can be taken, and put it into the form."""
        choices = self._choices(key, form)
        if key == "customer.preferred_contact" and len(choices) < 2:
            return
        name = label("field", key, self.locale)
        hint = "" if key in _NEEDED else f" ({self._word('judged' if key == 'type' else 'skip')})"
        for index, (_, said) in enumerate(choices, start=1):
            self._say(f"  {index}. {said}")
        while True:
            typed = self._read(f"{name}{hint}: ")
            if not typed:
                if key in _NEEDED:
                    self._say(self._word("needed"))
                    continue
                return
            try:
                value = self._value(typed, choices)
            except Problem as problem:
                self._say(str(problem))
                continue
            part: dict[str, Any] = {}
            put(part, key, value)
            if fault := self.check.section_fault(part):
                self._say(fault)
                continue
            put(form, key, value)
            return

    def _need_contact(self, form: dict[str, Any]) -> None:
        """Ask for contacts until there is one."""
        while not any(form["customer"].get(one.name) for one in CONTACTS):
            self._say(self._word("one_contact"))
            for contact in CONTACTS:
                self._fill(form, contact.key)

    def _choices(self, key: str, form: Mapping[str, Any]) -> Sequence[tuple[Any, str]]:
        """What may be chosen, and what each is called; nothing where the answer is free."""
        if key == "channel":
            return [(one.value, label("channel", one.value, self.locale)) for one in Channel]
        if key == "customer.preferred_contact":
            customer = form.get("customer") or {}
            ways = [
                (Contact.EMAIL, "email"),
                (Contact.PHONE, "phone"),
                (Contact.SMS, "phone"),
                (Contact.WECHAT, "wechat"),
            ]
            return [(way.value, label("channel", way.value, self.locale)) for way, field in ways if customer.get(field)]
        if key == "type":
            return self.check.type_names(self.locale)
        if key == "impact.blocks_normal_use":
            return [(True, self._word("yes")), (False, self._word("no"))]
        if key == "hoped_for":
            return list(labels(self.locale)[_HOPES].items())
        return ()

    def _value(self, typed: str, choices: Sequence[tuple[Any, str]]) -> Any:
        """The choice of that number or name, or what was typed."""
        if not choices:
            return typed
        if typed.isdecimal() and 1 <= int(typed) <= len(choices):
            return choices[int(typed) - 1][0]
        wanted = typed.casefold()
        for value, said in choices:
            if wanted in {str(value).casefold(), said.casefold()}:
                return value
        if isinstance(choices[0][0], bool) and wanted in _YES | _NO:
            return wanted in _YES
        if dict(choices).keys() == labels(self.locale)[_HOPES].keys() and not typed.isdecimal():
            return typed  # a date is a wish, too
        raise Problem(self._word("no_choice").format(count=len(choices)))

    def _at_fault(self, fault: str) -> str:
        """The field that a fault names; the contact where it names the customer as a whole."""
        said = fault.removeprefix("form: ").partition(": ")[0]
        return said if said in set(self._keys()) else CONTACTS[0].key

    def _word(self, key: str) -> str:
        return label("ask", key, self.locale)

    def _say(self, text: str) -> None:
        sys.stderr.write("\n".join(map(printable, text.split("\n"))) + "\n")
        sys.stderr.flush()

    def _read(self, prompt: str) -> str:
        """Read one line, without blanks around it.

        Raises:
            Problem: the input ended.
        """
        sys.stderr.write(prompt)
        sys.stderr.flush()
        # A Ctrl-C that comes just before the wait is seen all the same.
        while not select.select([sys.stdin], [], [], _LOOK)[0]:
            pass
        line = os.read(sys.stdin.fileno(), _LINE)  # a terminal gives one line at a time
        if not line:
            raise Problem(f"open: the input ended; {self._word('dropped')}")
        return line.decode(errors="replace").strip()
