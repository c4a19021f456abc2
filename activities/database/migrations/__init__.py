"""The schema's history, carried out by Alembic inside the program (`Database.migrate`).

A new revision is a file in `versions/` that names the one before it as `down_revision`; `HEAD` in `head.py` names the
last. Tables as this release has them are in `activities.database.schema`.
"""
