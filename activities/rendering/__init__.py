"""The template engine, and how times, people, codes and events read in each language: filters, labels, tables, pages.

Nothing here knows who gets a text or how it is sent.
"""
