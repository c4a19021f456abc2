"""Commands on cases: register them, look at them, work on them, archive them."""
