"""Encryption of payloads and failures before they reach Temporal, and the keys for it.

The endpoint that decrypts them for the Web UI is in `worker.web`.
"""
