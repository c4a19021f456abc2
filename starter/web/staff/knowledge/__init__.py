"""The knowledge base: searched and read by everybody, kept by editors (R28, R49)."""
