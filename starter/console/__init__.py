"""The commands of the admin script, one module a subject; imported only when called."""
