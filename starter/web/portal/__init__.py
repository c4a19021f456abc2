"""The customers' portal: handing in, following a case, and a customer's word in it (R30, R40, R41); a module a page.

Here belong the pages that a customer sees and what carries them from one step to the next. What other ways in use as
well (server, forms, limits, templates, language) stays in the room above; the API is in `starter.web.api`.
"""
