"""The template engine and everything that turns records into words: filters, labels, tables, pages.

Nothing here knows who gets a text or how it is sent.
"""
