"""Capacities: what a person is to one case, from which follows which commands they may give (R6, R22, R23)."""

from __future__ import annotations

from enum import StrEnum


class Capacity(StrEnum):
    """What somebody is to one case; the text stands in the reason of a refusal."""

    CUSTOMER = "the customer"
    OWNER = "the owner"
    SUPERIOR = "a superior of the owner"
    TEAM = "a member of the owner's group"
    RECEIVER = "the first receiver"
    DUTY_MANAGER = "a duty manager"
    HANDED_ON_BY = "whoever handed it on last"
    FOLLOW_UP = "the follow-up specialist or supervisor"
    ESCALATED_TO = "the person it was escalated to"
    LEAD = "whoever works on its main case"
    STAFF = "anyone of the organisation"
    OPERATOR = "the operator"
    SYSTEM = "the system"
