"""Payloads and failures encrypted before they reach Temporal, and the keys for it."""
