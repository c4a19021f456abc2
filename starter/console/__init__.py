"""The admin script's commands and screens: arguments in, tables and JSON out; what they do is in `starter.services`."""
