"""How often the shipped policies give issues the type and priority that a head of service would:
`python -m benchmarks.triage FILE...`, with lines of type, priority and text.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from pathlib import Path

from activities.policy.loading import load_policy
from activities.policy.triage.learning import read_sentences
from workflows.domain.policy.policy import Policy
from workflows.domain.policy.second_opinion import SecondOpinion
from workflows.domain.policy.triage import Submission, triage
from workflows.domain.vocabulary import Channel


def hit_rates(path: Path, policy: Policy) -> str:
    """Shares of types and priorities that are right, emergencies missed, false alarms, and time an issue takes."""
    issues = read_sentences(path)
    begun = time.perf_counter()
    found = [triage(Submission(channel=Channel.PORTAL, text=text), policy) for _, _, text in issues]
    each = (time.perf_counter() - begun) / len(issues) * 1000
    rows = [
        (one.type == kind, one.priority.value == level, level, one.priority.value)
        for (kind, level, _), one in zip(issues, found, strict=True)
    ]
    urgent = [given for _, _, level, given in rows if level == "P0"]
    ordinary = [given for _, _, level, given in rows if level in {"P2", "P3"}]
    types, priorities = sum(row[0] for row in rows) / len(rows), sum(row[1] for row in rows) / len(rows)
    missed = len(urgent) - urgent.count("P0")
    return (
        f"{path.name}: {len(rows)} issues, types {types:.3f}, priorities {priorities:.3f}, "
        f"P0 missed {missed} of {len(urgent)}, "
        f"false P0 {ordinary.count('P0')} of {len(ordinary)} P2 and P3, {each:.2f} ms each"
    )


def main(paths: Iterable[str]) -> None:
    """Print the hit rates of each file, with the rules alone and with the second opinion."""
    policy = load_policy("standard")
    alone = policy.model_copy(update={"second_opinion": SecondOpinion()})
    for path in map(Path, paths):
        print("rules alone  ", hit_rates(path, alone))
        print("with opinion ", hit_rates(path, policy))


if __name__ == "__main__":
    main(sys.argv[1:])
