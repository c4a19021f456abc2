"""Tests of the record's database: connections, both drivers, locks, migrations.

What is written into its tables, and what is asked of them, is tested in the room of its subject.
"""
