"""What touches the world: database, directory, rendering, notification, calendars."""
