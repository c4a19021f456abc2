"""Screenshots of the pages for customers, as the tests in a browser see them on a telephone, for portal.md."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

from workflows.domain.problem import Problem

_PAGES = ("new", "case-asked", "case-confirm", "case-rate")
_SCREEN = (390, 844)
_COLOURS = 48
"""Of the palette: text, one company's colour, and what lies between; a picture has a few dozen kilobytes."""


def customer_pages(target: Path) -> None:
    """Write portal-*.png to that folder.

    Raises:
        Problem: the tests did not go through, such as without Chromium.
    """
    with tempfile.TemporaryDirectory(prefix="bihuan-picture-") as folder:
        environment = {**os.environ, "BIHUAN_TEST_SCREENSHOTS": folder, "CI": "true"}
        tests = [sys.executable, "-m", "pytest", "tests/browser", "-k", "whole_life"]
        if subprocess.run(tests, cwd=target.parent, env=environment, check=False).returncode:  # noqa: S603
            raise Problem("the tests in a browser did not go through")
        for page in _PAGES:
            for locale in ("zh_CN", "en"):
                with Image.open(Path(folder, f"{page}.{locale}.png")) as shot:
                    screen = shot.convert("RGB").crop((0, 0, *_SCREEN)).quantize(_COLOURS, dither=Image.Dither.NONE)
                screen.save(target / f"portal-{page}.{locale}.png", optimize=True)
