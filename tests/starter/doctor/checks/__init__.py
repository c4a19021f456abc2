"""Tests of single checks of the doctor. The run of all of them belongs in the folder above.

What a check asks (queries, settings) is tested where that stands: `tests/activities`, `tests/worker/installation`.
"""
