"""What surrounds an installation while things break: a mailbox that dies, a gateway for short messages that lies, and
the customers who use them. Processes of bihuan itself, and what kills them, are in the folder above.
"""
