"""The port by the services, on the machine that has settings, record and Temporal."""
