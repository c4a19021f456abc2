"""What the console's commands on cases, reviews, knowledge and reports talk to (R46): one port, two implementations.

`local` calls the services on this machine; `remote` asks the API of a server, and needs neither settings, nor database,
nor Temporal: whatever serves is imported by `local` alone. Neither has a rule of its own, and neither prints.
"""
