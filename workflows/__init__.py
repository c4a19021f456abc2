"""Durable workflows and the pure core they carry: no database, no templates, no network."""
