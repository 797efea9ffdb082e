"""Loaded by every pytest call, wherever it starts: test tiers are known to all of them."""

pytest_plugins = ["tests.tier_run"]
