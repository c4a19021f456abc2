"""Measurements, each run by a documented command (`make life` and others); tests belong in `tests`."""
