"""Commands on cases: look, take in, and one command a signal."""
