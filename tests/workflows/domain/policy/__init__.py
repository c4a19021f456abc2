"""Tests of what a policy means: triage, service levels, reports, channels; with the labelled sentences they are
measured on. How a policy file is read belongs in `tests/activities/policy`.
"""
