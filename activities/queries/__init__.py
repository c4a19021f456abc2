"""Questions to the record, read only: cases, what needs attention, figures for monitoring, exports (R30)."""
