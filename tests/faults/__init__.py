"""Tests in which processes, servers, disk or network fail while cases go on, and the audit of what is left.

A failure inside one component, without a whole installation, belongs in that component's room. The mailbox, SMS gateway
and customers around the installation are in `outside`.
"""
