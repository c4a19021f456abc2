"""The knowledge base: articles drafted from closed cases, edited, searched and suggested (R28).

Nothing here sends or shows an article: that is for `activities.messages` and the console.
"""
