"""What a package with a driver does so that the contract's failures can be read."""

import pytest

pytest.register_assert_rewrite("devices.contract", "devices.contract_desk")
