"""A review of closed cases as a pure object (R27). `aggregate` is the way in."""
