"""The durable workflow of a review of closed cases (R27); its rules are in `workflows.domain.review`."""
