"""`bihuan doctor`: everything an installation needs, looked at; what is wrong, and what to do."""
