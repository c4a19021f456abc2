"""Tests of activities.files."""
