"""Commands on post-incident reviews of closed cases: look at them, work on them (R27)."""
