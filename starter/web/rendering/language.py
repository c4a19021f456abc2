"""In which language whoever asks would like to read."""

from __future__ import annotations

from workflows.domain.vocabulary import Locale


def asked_for(accept_language: str) -> Locale | None:
    """The first of ours that a browser or program names in `Accept-Language`; None where there is none."""
    for part in accept_language[:200].lower().split(","):
        word = part.partition(";")[0].strip()
        if word.startswith(("zh", "en")):
            return Locale.ZH_CN if word.startswith("zh") else Locale.EN
    return None
