"""The service mailbox: mails are fetched, taken in each once, and become a case or a word in one (R42).

Here belongs what does I/O: the IMAP connection, the tables of mails, what the record knows of cases, and what is done
with a mail. How bytes become a mail is in `mime`, what a mail means in `interpretation`.

No mail is ever a command: what a mail means is handed on with the words of its writer, and a person or a link says yes.
"""
