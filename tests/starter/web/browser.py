"""The browser of the demonstration's customers, for tests."""

from starter.demo.browser import Browser, WebForm, forms_of, links_of

__all__ = ["Browser", "WebForm", "forms_of", "links_of"]
