"""All that is asked of a Temporal server: connection, search attributes, Schedules, deployments, starting workflows.

The embedded server itself is in `worker.embedded`; workflows and activities are in packages of their own.
"""
