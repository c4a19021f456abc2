"""The policy in force, read from its file, with the calendar it goes by; the shipped policies beside it."""
