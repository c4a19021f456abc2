"""How often a stranger may try: the limits, and who waits behind whom (R40)."""
