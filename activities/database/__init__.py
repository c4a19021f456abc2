"""The record: where it is, its tables, its connection and its migrations.

What is written there and why belongs in the room of its subject; questions about it in `activities.queries`.
"""
