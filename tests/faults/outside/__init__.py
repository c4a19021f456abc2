"""What surrounds an installation while things break: a mailbox that dies, a gateway for short messages that lies, and
the customers who use them.
"""
