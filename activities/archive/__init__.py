"""Closed cases packed into files, and personal details masked after their time (R28)."""
