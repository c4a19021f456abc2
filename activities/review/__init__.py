"""Reviews as people read and write them: read from the record, drafted as a file, reported as HTML and Markdown (R27).

A review's rules are in `workflows.domain.review`; writing its steps is in `activities.recording`.
"""
