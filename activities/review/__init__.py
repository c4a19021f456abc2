"""Reviews of closed cases as read, drafted and reported (R27)."""
