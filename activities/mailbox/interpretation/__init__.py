"""What a mail means (R42), all of it together in `meaning`.

Here belongs what says which of its words are its writer's (`quotation`), what kind of mail it is (`classification`,
`bounces`), and whose case it belongs to (`threading`). None of it does I/O: what is known of cases comes in as
`threading.KnownCases`. What follows from the meaning is done in the room above.
"""
