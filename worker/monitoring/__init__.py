"""What operators and supervisors see of a process: logs, metrics, health, systemd."""
