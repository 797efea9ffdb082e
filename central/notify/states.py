"""A delivery, one message to one person over one channel: one table of what may follow what.

Pure: values in, values out.
"""

from enum import StrEnum


class DeliveryState(StrEnum):
    """Where a delivery stands."""

    QUEUED = "queued"
    HELD = "held"
    SENDING = "sending"
    POSSIBLY_REPEATED = "possibly_repeated"
    ACCEPTED = "accepted"
    HANDED_OVER = "handed_over"
    SHOWN = "shown"
    ACKNOWLEDGED = "acknowledged"
    REFUSED = "refused"
    GIVEN_UP = "given_up"
    DIGESTED = "digested"
    SUPPRESSED = "suppressed"
    OVERTAKEN = "overtaken"


class DeliveryAction(StrEnum):
    """What happens to a delivery. KEEP: a message of the plant's own pages needs nobody else to take it."""

    KEEP = "keep"
    HOLD = "hold"
    RELEASE = "release"
    DIGEST = "digest"
    SUPPRESS = "suppress"
    SEND = "send"
    ACCEPT = "accept"
    HAND_OVER = "hand_over"
    RETRY = "retry"
    LOSE = "lose"
    REFUSE = "refuse"
    GIVE_UP = "give_up"
    OVERTAKE = "overtake"
    SHOW = "show"
    ACKNOWLEDGE = "acknowledge"


_S, _A = DeliveryState, DeliveryAction

TABLE: dict[tuple[DeliveryState, DeliveryAction], DeliveryState] = {
    (_S.QUEUED, _A.KEEP): _S.ACCEPTED,
    (_S.QUEUED, _A.SUPPRESS): _S.SUPPRESSED,
    (_S.QUEUED, _A.HOLD): _S.HELD,
    (_S.HELD, _A.RELEASE): _S.QUEUED,
    (_S.HELD, _A.DIGEST): _S.DIGESTED,
    (_S.QUEUED, _A.SEND): _S.SENDING,
    (_S.POSSIBLY_REPEATED, _A.SEND): _S.SENDING,
    (_S.SENDING, _A.ACCEPT): _S.ACCEPTED,
    (_S.SENDING, _A.HAND_OVER): _S.HANDED_OVER,
    (_S.SENDING, _A.RETRY): _S.QUEUED,
    (_S.SENDING, _A.LOSE): _S.POSSIBLY_REPEATED,
    (_S.SENDING, _A.REFUSE): _S.REFUSED,
    (_S.SENDING, _A.GIVE_UP): _S.GIVEN_UP,
    (_S.QUEUED, _A.REFUSE): _S.REFUSED,
    (_S.POSSIBLY_REPEATED, _A.REFUSE): _S.REFUSED,
    (_S.QUEUED, _A.GIVE_UP): _S.GIVEN_UP,
    (_S.POSSIBLY_REPEATED, _A.GIVE_UP): _S.GIVEN_UP,
    (_S.QUEUED, _A.OVERTAKE): _S.OVERTAKEN,
    (_S.HELD, _A.OVERTAKE): _S.OVERTAKEN,
    (_S.POSSIBLY_REPEATED, _A.OVERTAKE): _S.OVERTAKEN,
    (_S.ACCEPTED, _A.SHOW): _S.SHOWN,
    (_S.HANDED_OVER, _A.SHOW): _S.SHOWN,
    (_S.ACCEPTED, _A.ACKNOWLEDGE): _S.ACKNOWLEDGED,
    (_S.HANDED_OVER, _A.ACKNOWLEDGE): _S.ACKNOWLEDGED,
    (_S.SHOWN, _A.ACKNOWLEDGE): _S.ACKNOWLEDGED,
    # A person can be faster than the provider's answer, or answer a message whose fate was not known: then it arrived.
    (_S.SENDING, _A.SHOW): _S.SHOWN,
    (_S.SENDING, _A.ACKNOWLEDGE): _S.ACKNOWLEDGED,
    (_S.POSSIBLY_REPEATED, _A.SHOW): _S.SHOWN,
    (_S.POSSIBLY_REPEATED, _A.ACKNOWLEDGE): _S.ACKNOWLEDGED,
    (_S.GIVEN_UP, _A.SHOW): _S.SHOWN,
    (_S.GIVEN_UP, _A.ACKNOWLEDGE): _S.ACKNOWLEDGED,
    (_S.OVERTAKEN, _A.SHOW): _S.SHOWN,
    (_S.OVERTAKEN, _A.ACKNOWLEDGE): _S.ACKNOWLEDGED,
    (_S.QUEUED, _A.SHOW): _S.SHOWN,
    (_S.QUEUED, _A.ACKNOWLEDGE): _S.ACKNOWLEDGED,
}
"""Every pair that is not in here changes nothing."""

DUE = (_S.QUEUED, _S.POSSIBLY_REPEATED)
"""Waits to be sent."""

PENDING = (_S.QUEUED, _S.POSSIBLY_REPEATED, _S.HELD)
"""Can still be stopped."""

FAILED = (_S.REFUSED, _S.GIVEN_UP)
"""The next channel of the person is tried."""

ARRIVED = (_S.ACCEPTED, _S.HANDED_OVER, _S.SHOWN, _S.ACKNOWLEDGED)


def after(state: str, action: DeliveryAction) -> DeliveryState | None:
    """The state that follows; None where the action changes nothing."""
    return TABLE.get((DeliveryState(state), action))


def diagram() -> str:
    """The table as a Mermaid state diagram."""
    lines = ["stateDiagram-v2", f"    [*] --> {_S.QUEUED}"]
    lines += [f"    {state} --> {follows}: {action}" for (state, action), follows in TABLE.items()]
    ends = [state for state in DeliveryState if not any(before is state for before, _ in TABLE)]
    lines += [f"    {state} --> [*]" for state in ends]
    return "\n".join(lines) + "\n"
