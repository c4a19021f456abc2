"""The sample organisation, and reading a company's own."""
