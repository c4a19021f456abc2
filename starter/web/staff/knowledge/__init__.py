"""The pages of the knowledge base: searched and read by everybody, kept by editors (R28, R49).

Articles suggested for a case are shown in `case`; search and edits themselves are in `starter.services.knowledge`.
"""
