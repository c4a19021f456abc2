"""Commands on cases: register them, look at them, work on them, archive them.

Reviews of closed cases are in `reviews`; messages sent again and cases that Temporal has lost in `system`.
"""
