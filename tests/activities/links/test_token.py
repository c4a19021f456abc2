"""The token in a customer's link: nobody can guess or change one, and mail programs may disfigure it."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from activities.key_ring import Key
from activities.links.token import TOKEN, derive_token, read_token, token_hash
from workflows.domain.vocabulary import LinkPurpose

KEY = Key("2026-11", bytes(range(32)))
_NUMBERS = st.text("FB0123456789", min_size=1, max_size=14)
_CONTACTS = st.text(max_size=40)
_OF_LINKS = st.tuples(_NUMBERS, st.integers(0, 1000), st.sampled_from(LinkPurpose), _CONTACTS)
_BEHIND = [*"。，）>.」”\"'？！,;:)]}»’…-_/\\=%&# \n\t\r", "\u200b", "。」", " 谢谢", ".html", ">.", "=\r\n"]


def test_a_link_that_was_sent_stays_the_same_in_every_release() -> None:
    derived = derive_token(KEY, "FB202611270001", 0, LinkPurpose.CONFIRM, "wangfang@example.com")
    assert derived == "j352hvzsx34b74r74qk4dd3247exj6ys"


@given(_OF_LINKS)
def test_a_link_is_a_hundred_and_sixty_bits_that_survive_lower_case(of: tuple[str, int, LinkPurpose, str]) -> None:
    token = derive_token(KEY, *of)
    assert TOKEN.fullmatch(token)
    assert derive_token(KEY, *of) == token == token.lower()


@given(_OF_LINKS, _OF_LINKS)
def test_no_two_links_are_alike(
    one: tuple[str, int, LinkPurpose, str], other: tuple[str, int, LinkPurpose, str]
) -> None:
    assert (derive_token(KEY, *one) == derive_token(KEY, *other)) == (one == other)


def test_what_ends_one_field_cannot_begin_the_next() -> None:
    see = LinkPurpose.SEE
    assert derive_token(KEY, "FB1", 11, see, "a") != derive_token(KEY, "FB11", 1, see, "a")
    assert derive_token(KEY, "FB1", 1, see, "a\0b") != derive_token(KEY, "FB1", 1, see, "a")
    assert derive_token(Key("2026-11", bytes(32)), "FB1", 1, see, "a") != derive_token(KEY, "FB1", 1, see, "a")


@given(_OF_LINKS)
def test_a_link_works_with_what_a_mail_program_took_along(of: tuple[str, int, LinkPurpose, str]) -> None:
    token = derive_token(KEY, *of)
    for behind in _BEHIND:
        for written in (token + behind, token.upper() + behind, f" {token}{behind}"):
            assert read_token(written) == token
            assert token_hash(written) == token_hash(token)


@given(_OF_LINKS, st.integers(0, 31), st.sampled_from("abcdefghijklmnopqrstuvwxyz234567"))
def test_a_link_that_was_changed_or_cut_is_another_one(
    of: tuple[str, int, LinkPurpose, str], place: int, letter: str
) -> None:
    token = derive_token(KEY, *of)
    changed = token[:place] + letter + token[place + 1 :]
    assert (token_hash(changed) == token_hash(token)) == (changed == token)
    for cut in (token[:place], token[place + 1 :], token + letter, letter + token):
        assert token_hash(cut) != token_hash(token)


@given(st.text())
def test_whatever_strangers_send_is_looked_at_and_is_no_link(text: str) -> None:
    assert re.fullmatch(r"[a-z2-7]*", read_token(text))
    assert len(token_hash(text)) == 64
    assert token_hash(text * 1000)


def test_a_hash_tells_nothing_of_its_token() -> None:
    token = derive_token(KEY, "FB1", 0, LinkPurpose.RATE, "")
    assert token not in token_hash(token)
