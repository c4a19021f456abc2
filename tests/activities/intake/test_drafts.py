"""What somebody is typing is theirs, is not overwritten in silence, and is not kept for ever (R1)."""

from __future__ import annotations

from activities.database.database import Database
from activities.intake.drafts import KEPT_FOR, Drafts
from tests.activities.samples import register_case
from tests.builders import MONDAY


async def test_one_page_after_the_other_saves_a_draft_and_nobody_else(either: Database) -> None:
    drafts, number = Drafts(either), await register_case(either)

    async def save(person: str, text: str, writer: str, after: str = "") -> bool:
        return await drafts.save("1", person, {"values": {"symptom": text}}, MONDAY, writer=writer, after=after)

    assert await save("tech-001", "a", "one")
    assert await save("tech-001", "ab", "one"), "the same page goes on"
    assert not await save("tech-002", "x", "three"), "another person's"
    assert await save("tech-001", "abc", "two", after="one"), "a page that began from what the other had saved"
    assert not await save("tech-001", "ab!", "one"), "the first one does not know of it"
    (kept,) = await drafts.unfinished("tech-001")
    assert kept.content == {"values": {"symptom": "abc"}}
    assert await drafts.find("1", "tech-002") is None
    await drafts.finish("1", "tech-001", number, MONDAY, "digest")
    assert not await save("tech-001", "late", "two")
    assert await drafts.unfinished("tech-001") == []
    done = await drafts.find("1", "tech-001")
    assert done is not None
    assert (done.number, done.content) == (number, {"digest": "digest"})
    await drafts.sweep(MONDAY + KEPT_FOR)
    assert await drafts.find("1", "tech-001") is not None
    await drafts.sweep(MONDAY + 2 * KEPT_FOR)
    assert await drafts.find("1", "tech-001") is None
