"""The periodic sweep: takes up what a crash left lying, and compares the record with Temporal.

Only what is safe to do at any time is done here; all else is reported, for a person to decide.
"""
