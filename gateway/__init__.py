"""The station's brain: it decides, keeps, signals, and hands records to the sinks.

What may enter: `devices`, `sync` and `floor`. Only `gateway/main.py` wires parts together; only `gateway/config.py`
reads files and the environment for settings. The station logic (`gateway/station*.py`) is pure.
"""
