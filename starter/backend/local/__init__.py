"""The port carried out by the services, on the machine that has settings, record and Temporal.

What a service does belongs in `starter.services`; how its answer is printed in `starter.console`.
"""
