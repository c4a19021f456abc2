"""The rule book of a customer issue as ordinary Python: no Temporal, no I/O, no clock of its own."""
