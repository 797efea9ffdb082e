"""Loaded by every pytest call, wherever it starts: test tiers are known to all of them."""

import hypothesis
import pytest

# How long an example takes is the machine's business: a busy one is no fault of what is tested.
hypothesis.settings.register_profile("ours", deadline=None)
hypothesis.settings.load_profile("ours")

pytest.register_assert_rewrite("devices.contract", "devices.contract_desk")

pytest_plugins = ["tests.tier_run"]

# Somebody else's package, with checks of its own: tests/test_added_devices.py builds, installs and runs it.
collect_ignore = ["tests/plugin_example"]
