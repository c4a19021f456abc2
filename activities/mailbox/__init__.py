"""The service mailbox: from the raw bytes of a mail to what it means (R42).

Here belongs what reads a mail (`parsing` and what it stands on), what says which of its words are its writer's
(`quotation`), what kind of mail it is (`classification`, `bounces`), whose case it belongs to (`threading`), and all of
that together (`meaning`). None of it does I/O: what is known of cases comes in as `threading.KnownCases`.

What fetches mails, opens cases and answers does not belong in these modules, and no mail is ever a command: what a mail
means is handed on with the words of its writer, and a person or a link says yes.
"""
