"""The organisation: read from its file, every version kept in the database; the sample organisation beside it (R11).

Who is chosen, and who may do what, is decided in `workflows.domain`.
"""
