"""How a registered submission becomes a case: type, priority, owner and terms, settled once (R5, R8-R13)."""
