"""The tables of the record by subject, and the types of their columns.

Each table belongs to one module here and to the one `metadata`; who reads or writes a table takes it from
`activities.database.tables`, which has all of them. How tables come to be in a database is in the migrations.
"""
