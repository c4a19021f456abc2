"""The organisation file and who stands in it; the sample organisation beside it."""
