"""The periodic report of customer issues: figures, findings, charts, files, mail (R29)."""
