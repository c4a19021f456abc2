"""The worker's own HTTP endpoints: metrics and health, and the codec server for the Web UI.

Pages for customers and staff do not belong here.
"""
