"""Commands for operators: start, examine, back up, upgrade, encrypt, send again."""
