"""Channels against real servers on loopback that refuse what their providers refuse."""
