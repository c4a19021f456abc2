"""The connection to Temporal: address, TLS, search attributes, schedules, deployments, standalone deliveries."""
