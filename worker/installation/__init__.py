"""An installation: its settings, its time, and what all its processes build from them. Nothing here knows Temporal."""
