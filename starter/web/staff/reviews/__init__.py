"""Reviews of closed cases: listed, read and worked on (R27, R49)."""
