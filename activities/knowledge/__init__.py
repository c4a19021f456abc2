"""Articles learned from closed cases: drafted, edited, searched, suggested (R28)."""
