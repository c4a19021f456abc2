"""The names of all settings' variables, for commands that only read: loading all settings takes them too long.

A test holds the list to the settings. A name that is missing here costs such a command time, and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable

from worker.installation.config_file import CONFIG_VARIABLE, PERSON_VARIABLE, PREFIX, SERVER_VARIABLES

_GROUPS = {
    "DESK": ("IDLE", "LIFETIME", "MAILED_LINKS"),
    "OIDC": ("CLAIM", "CLIENT_ID", "CLIENT_SECRET", "CLIENT_SECRET_FILE", "ISSUER", "NAME", "SCOPES"),
    "SERVER": ("IP", "LOG_LEVEL", "PORT", "SYNCHRONOUS", "UI_PORT"),
    "SIZES": ("ACTIVITIES", "CACHED_WORKFLOWS", "LOCAL_ACTIVITIES", "WORKFLOW_TASKS"),
    "WEB": ("CERTIFICATE_FILE", "IP", "KEY_FILE", "PORT", "PROXIES", "URL"),
}
_SINGLE = (
    "ARCHIVE", "BUILD_ID", "CHANNELS", "CLAMD", "CODEC_IP", "CODEC_ORIGINS", "CODEC_PORT", "CODEC_TOKEN", "DATA",
    "DATABASE_CONNECTIONS", "DATABASE_URL", "DELIVERY", "DEPLOYMENT", "ENCRYPTION_KEYS", "ENCRYPTION_KEYS_FILE",
    "FILES", "HOSTS", "LINK_KEYS", "LINK_KEYS_FILE", "LOCALE", "LOG_FORMAT", "LOG_LEVEL", "MAILBOXES", "MAIL_FROM",
    "MONITOR", "ORGANISATION", "POLICY", "REPORTS", "SMTP_URL", "SPEED", "SWEEP", "TASK_QUEUE", "TEMPLATES",
    "VIRTUAL_START", "WEBHOOKS", "WEB_UI",
)  # fmt: skip
KNOWN_VARIABLES = frozenset(
    PREFIX + name
    for name in (*_SINGLE, *_GROUPS, *(f"{group}__{name}" for group, names in _GROUPS.items() for name in names))
)
NAMED_GROUPS = (f"{PREFIX}CHANNELS__", f"{PREFIX}MAILBOXES__", f"{PREFIX}WEBHOOKS__")
"""Of these a company chooses the names."""
_OF_THE_ADMIN_SCRIPT = (CONFIG_VARIABLE, PERSON_VARIABLE, *SERVER_VARIABLES)


def unknown_variables(environment: Iterable[str]) -> list[str]:
    """Variables that are meant as settings and are none."""
    return [
        name
        for name in sorted(environment)
        if name.startswith(PREFIX)
        and name.upper() not in KNOWN_VARIABLES
        and name not in _OF_THE_ADMIN_SCRIPT
        and not name.upper().startswith(NAMED_GROUPS)
    ]
