"""The document and the server hold to each other: schemathesis asks everything that the document allows, and much that
it does not (R47).
"""

from __future__ import annotations
