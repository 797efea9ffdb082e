"""Messages to people: who is told of what, by which way, and what became of each of them (docs/notifications.md).

`states.py`, `rules.py` and `quiet.py` decide and write nothing. `pump.py` is the one thing that moves; it runs in the
elected worker. What sends is behind `central/channels/port.py`.
"""
