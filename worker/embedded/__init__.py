"""The Temporal server that comes with the Python packages: started on a data folder, watched, locked, backed up.

What is the same for every Temporal server belongs in `worker.temporal`.
"""
