"""`[retention]` of the configuration: for how many days what may be deleted is kept."""

from typing import Annotated, Final, Self

from pydantic import Field, model_validator

from central.section import Section

Days = Annotated[int, Field(ge=0, le=36_500)]

DAYS_MIN: Final = {
    "alarms_days": 30,
    "audit_days": 365,
    "messages_days": 8,
    "tasks_days": 90,
    "problems_days": 365,
    "comments_days": 365,
    "call_notes_days": 365,
    "drafts_days": 30,
    "tokens_days": 1,
}
"""Fewer days than these would take away what is still at work, or what somebody is asked about within the year."""


class RetentionConfig(Section):
    """How long is kept what may be deleted, in days. 0: for ever; else not fewer than the least that is named.

    Records of the log and what is made of them, master data, photos and other files are evidence: nothing deletes them.
    """

    alarms_days: Annotated[Days, Field(description="alarms after somebody signed them off; least 30")] = 730
    audit_days: Annotated[Days, Field(description="acts of the audit log, from its beginning; least 365")] = 1_098
    messages_days: Annotated[
        Days, Field(description="messages to people with their deliveries, and what the office announced; least 8")
    ] = 90
    tasks_days: Annotated[
        Days, Field(description="tasks after they were over, with history, comments, names of files; least 90")
    ] = 1_095
    problems_days: Annotated[
        Days, Field(description="problems after they were closed or cancelled, with all that is theirs; least 365")
    ] = 0
    comments_days: Annotated[
        Days, Field(description="comments on ended calls and on orders and operations of closed orders; least 365")
    ] = 0
    call_notes_days: Annotated[Days, Field(description="notes of the office on ended calls; least 365")] = 0
    drafts_days: Annotated[Days, Field(description="drafts of master data that nobody touched; least 30")] = 0
    tokens_days: Annotated[Days, Field(description="tokens of machines after their end; least 1")] = 90

    @model_validator(mode="after")
    def _not_too_few(self) -> Self:
        for name, least in DAYS_MIN.items():
            if 0 < getattr(self, name) < least:
                raise ValueError(f"{name} is 0 (for ever) or at least {least}")
        return self
