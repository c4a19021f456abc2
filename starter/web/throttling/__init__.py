"""How often a stranger may try: the limits, and the queue in which strangers wait (R40).

Counts are kept by `activities.portal.tries`; the page for whoever is refused is `starter.web.refusals`.
"""
