"""Tests of a company's own look and words on the pages. What one page shows belongs with the tests of that page."""
