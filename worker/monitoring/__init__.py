"""Logs, metrics, health and service-manager notices of a process. Serving them over HTTP is `worker.web`'s business."""
