"""How long tests wait for what has to happen at last; how fast it happens is for no test to say."""

from __future__ import annotations

TIMEOUT = 300.0
"""Seconds to wait for an expected event; reached only by a test that fails."""
