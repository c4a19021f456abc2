"""Each step of a case or review written down in one transaction: row, timeline, outbox (R14)."""
