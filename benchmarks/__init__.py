"""Measurements, each run by a documented command; none of them is a test."""
