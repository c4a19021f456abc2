"""Templates of every notification, one folder a locale."""
