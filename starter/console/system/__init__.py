"""Commands for operators: run the system, check it, back it up, upgrade it, encrypt, send messages again."""
