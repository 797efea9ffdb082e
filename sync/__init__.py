"""Moving records, snapshots and facts, ignorant of their meaning.

What may enter: nothing of ours. `sync/wire.py` is the protocol that both ends share; pumps are pure machines with
`step(now)`, and `sync/runner.py` is the one place where threads are made.
"""
