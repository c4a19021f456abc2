"""The durable workflow of one department's task in a case (R18); its rules are in `workflows.domain.collaboration`."""
