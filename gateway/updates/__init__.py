"""The update agent: a process of its own that brings releases, settings and diagnosis to a gateway (docs/fleet.md)."""
