"""Signed webhooks, which tell the company's own systems what happened in a case, as Standard Webhooks has it (R47).

Here belong their settings, which events become rows of the outbox, and how one is signed and sent. How rows are
delivered, and tried again, is in `activities.delivery`, HTTP and pace in `activities.channels`.
"""
