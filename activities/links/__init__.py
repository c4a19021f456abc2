"""The links in messages to customers: keys, tokens, the mark that stands for a link, and what is remembered of each.

Which message carries which link is for `activities.messages` to say; the pages behind a link are in
`starter.web.portal`.
"""
