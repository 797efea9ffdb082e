"""Channels: the ways a message leaves the plant. Each is a thin adapter that answers with what the provider said."""
