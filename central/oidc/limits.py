"""Bounds of signing in through the identity provider (I10)."""

from typing import Final

OIDC_REPLY_BYTES_MAX: Final = 256 * 1024
"""What is read of an answer of the identity provider; a longer one is not understood."""

OIDC_ANSWER_SECONDS_MAX: Final = 10.0
"""The longest that the provider may be waited for: somebody stands before the page."""

OIDC_ASKED_AT_ONCE_MAX: Final = 8
"""Sign-ins that wait for the provider at one time. One more is told to try again; the other
threads are for the gateways."""

OIDC_REST_SECONDS: Final = 10.0
"""After the provider did not answer, nobody waits for it for so long: the page says at once that it is away."""

OIDC_METADATA_SECONDS: Final = 3_600.0
"""How long it is believed where the provider says that its doors are."""

OIDC_KEYS_SECONDS: Final = 600.0
"""How long the provider's keys are believed: one that it takes back opens nothing after that."""

OIDC_KEYS_AGAIN_SECONDS: Final = 10.0
"""Keys are fetched again for a token of an unknown key at most so often."""

OIDC_CLOCK_SECONDS: Final = 60.0
"""So much may the provider's clock differ from the server's."""

OIDC_ATTEMPT_SECONDS: Final = 600.0
"""From the button to the way back; later the button is pressed again."""

OIDC_NEXT_CHARACTERS_MAX: Final = 200
"""The address of the page to come back to; with a longer one the board is shown."""

OIDC_GROUPS_MAX: Final = 200
"""Groups of the provider that give roles, and those read of one person."""

OIDC_CODE_CHARACTERS_MAX: Final = 4_096
"""A code that the provider sends along; a longer one is refused."""

OIDC_SECRET_CHARACTERS_MAX: Final = 1_000
"""A client's secret."""
