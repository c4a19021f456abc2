"""Batches: nothing is left out, and none is larger than asked."""

from __future__ import annotations

import pytest

from activities.batches import batched


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 6, 7])
def test_every_item_is_in_one_batch_in_its_order(count: int) -> None:
    batches = list(batched(range(count), 3))
    assert [item for batch in batches for item in batch] == list(range(count))
    assert all(len(batch) == 3 for batch in batches[:-1])
    assert all(1 <= len(batch) <= 3 for batch in batches)


def test_a_size_below_one_is_an_error_instead_of_an_empty_result() -> None:
    with pytest.raises(ValueError, match="at least one"):
        list(batched([1], 0))
