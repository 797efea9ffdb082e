"""The plant's server: it takes records once, folds them into the board, and tells gateways what they need.

What may enter: `sync.wire` and `floor`. Only `central/application.py` wires parts together; `central/ingest_rules.py`,
`central/ranges.py` and `central/broker_files.py` decide and write nothing. Timers and heavy work are in
`central/work.py`, elected by a lease; web workers hold none.
"""
