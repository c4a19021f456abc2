"""The outbox and the ways out of it: each message is sent once, or somebody is told that it was not (R20, R21)."""
