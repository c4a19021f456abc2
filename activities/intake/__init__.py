"""What a customer hands in: the form, whether it is complete, and the register that gives it a number (R1-R3)."""
