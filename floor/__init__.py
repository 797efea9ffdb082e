"""The pure words of both ends: events, labels, master data, rights, work and call tables.

Rules of this folder: no clock, no file, no socket, no random number, no thread. Values in, values out.
"""

__version__ = "0.1.0"
