"""The analysis reports, for whoever may see every case (R29, R49)."""
