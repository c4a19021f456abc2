"""The registration form: checked, completed by what is supplied later, registered under a number (R1-R3, R5).

What the policy makes of it (type, priority, owner) is in `activities.opening`; the table of the form's fields in
`workflows.domain.form_fields`.
"""
