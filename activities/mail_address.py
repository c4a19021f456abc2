"""Mail addresses as mail servers carry them: ASCII before the @, an international domain as punycode (RFC 5891)."""

from __future__ import annotations

from activities.validation import shown

ALLOWED = "allowed: such as name@example.com, with ASCII before the @"


def public_address(value: str) -> str:
    """A customer's address as it is kept and shown, an international domain in its own script.

    Whether the address exists is not asked.

    Raises:
        ValueError: it is no mail address, or none that every mail server carries; the text says why.
    """
    from email_validator import EmailNotValidError, validate_email

    try:
        return validate_email(value, check_deliverability=False, allow_smtputf8=False, strict=True).normalized
    except EmailNotValidError as error:
        raise ValueError(_reason(error)) from error


def carried_address(value: str) -> str:
    """An address as it stands in an envelope and in a header: pure ASCII. Addresses of a local network count, too.

    Raises:
        ValueError: no mail server would carry it; the text says why and does not repeat the address.
    """
    from email_validator import EmailNotValidError, validate_email

    try:
        found = validate_email(
            value,
            check_deliverability=False,
            allow_smtputf8=False,
            allow_quoted_local=True,
            allow_domain_literal=True,
            globally_deliverable=False,
        )
    except EmailNotValidError as error:
        raise ValueError(_reason(error)) from error
    return f"{found.ascii_local_part}@{found.ascii_domain}"


def address_fault(value: str) -> str | None:
    """Why no mail server would carry a mail to that address, and what is allowed; None where one would."""
    try:
        carried_address(value)
    except ValueError as error:
        return f"{shown(value)} is no mail address: {error}; {ALLOWED}"
    return None


def _reason(error: Exception) -> str:
    said = " ".join(str(error).split()).rstrip(".")
    if "nternationalized characters before the @" in said:
        return "mail servers carry only ASCII letters, digits and signs before the @"
    return said[:1].lower() + said[1:]
