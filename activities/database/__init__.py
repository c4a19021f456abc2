"""The record: its address, tables, connections, migrations, and readers that need only the driver.

What is written there, and why, belongs in the package of its subject; questions about it in `activities.queries`.
"""
