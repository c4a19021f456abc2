"""How often one asker may try what (R40). A whole /56 of IPv6 may four times that; a case's number is never counted."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from activities.portal.tries import Limit

_QUARTER, _HOUR = timedelta(minutes=15), timedelta(hours=1)
GUESSES: Final = (Limit("guess", 10, _QUARTER), Limit("guess", 30, _HOUR))
"""Wrong numbers with contacts; right ones do not count. Past that, only a code that was sent lets in."""
LINKS: Final = (Limit("link", 60, _HOUR),)
"""Wrong links. A right one is let in however many wrong ones came from there: nobody guesses 128 bits."""
CODES: Final = (Limit("code", 5, _QUARTER), Limit("code", 10, _HOUR))
"""Codes that are sent."""
CODE_TRIES: Final = (Limit("code_try", 60, _HOUR),)
"""What is typed for a code; each code takes five besides, from the session that asked for it."""
SUBMISSIONS: Final = (Limit("submission", 30, _HOUR),)
"""Issues handed in; many may stand behind one address."""
UPLOADS: Final = (Limit("upload", 100, _HOUR),)
"""Files."""
FORMS: Final = (Limit("form", 600, _HOUR),)
"""Everything that is sent by a form."""
TOKENS: Final = (Limit("token", 20, _QUARTER), Limit("token", 60, _HOUR))
"""Wrong tokens of the API. A right one is let in however many wrong ones came from there: nobody guesses 256 bits."""
SIGN_INS: Final = (Limit("sign_in", 5, _QUARTER), Limit("sign_in", 30, _HOUR))
"""Links to sign in that are asked for; a whole office may stand behind one address."""
SIGN_IN_TRIES: Final = (Limit("sign_in_try", 30, _QUARTER),)
"""Signing in; what goes well does not count."""
