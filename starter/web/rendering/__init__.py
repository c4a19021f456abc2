"""How pages look and read: templates filled in the visitor's language, with the company's own words and colours.

Which page is shown, and what is on it, is decided in the rooms of the portal and the staff.
"""
