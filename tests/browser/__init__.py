"""What customers see and do in a real browser, in front of a whole installation (R40, R41).

Here belongs what only a browser can tell: how pages look at any width, keyboards, focus, cookies, requests, previews.
What a page answers belongs in `tests/starter/web`, which needs no browser.
"""
