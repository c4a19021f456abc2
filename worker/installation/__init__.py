"""An installation: its settings, its time, and what all its processes build from them.

Nothing here knows Temporal: connections to it are in `worker.temporal`, encryption keys in use in `worker.encryption`.
"""
