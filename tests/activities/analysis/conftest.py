"""Charts drawn once: reports of the same figures have the same charts, and drawing is most of what a report costs."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from activities.analysis import charts


@pytest.fixture(scope="package", autouse=True)
def drawn_once() -> Iterator[None]:
    """Whoever asks for a chart of the same data a second time is given the first one."""
    drawn: dict[str, str] = {}
    draw = charts.to_svg

    def once(spec: charts.Spec) -> str:
        key = json.dumps(spec, ensure_ascii=False, default=str)
        if key not in drawn:
            drawn[key] = draw(spec)
        return drawn[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(charts, "to_svg", once)
        yield
