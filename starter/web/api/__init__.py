"""The API `/api/v1` for people's programs and the company's systems (R47).

It says who asks (by token), what is asked for, and how it went, in HTTP. What may be done is decided by
`starter.services` and the case; nothing here has a rule of its own, and no page is made here.
"""
