"""Policies that ship, and reading a company's own."""
