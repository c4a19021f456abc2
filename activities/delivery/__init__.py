"""The outbox and the transports: each message is sent once, or its case learns that it could not be (R20, R21).

What a message says and to whom it goes is settled before, in `activities.messages`.
"""
