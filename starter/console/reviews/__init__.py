"""Commands on reviews of closed cases (R27)."""
