"""Whether an ID token says who somebody is: whose key signed it, for whom, until when, and for which attempt.

Pure: values in, values out.
"""

from typing import Any, Final

from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from central.errors import IdentityRefused
from central.oidc.limits import OIDC_CLOCK_SECONDS

ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
"""Signatures with a key that the provider alone has. Neither `none` nor one with a shared secret is among them."""


class KeyUnknown(Exception):
    """The token names a key that is not among those of the provider."""


def claims_of(token: str, keys: KeySet, issuer: str, client: str, nonce: str, now: float) -> dict[str, Any]:
    """The token's claims, once all of it holds. `client`: whom it has to be for. Raises KeyUnknown, IdentityRefused."""
    try:
        found = jwt.decode(token, keys, algorithms=ALGORITHMS)
    except InvalidKeyIdError:
        raise KeyUnknown from None
    except (JoseError, ValueError, TypeError, RecursionError) as fault:
        raise IdentityRefused(f"the ID token is not signed by the provider: {type(fault).__name__}") from None
    rules = jwt.JWTClaimsRegistry(
        now=int(now),
        leeway=int(OIDC_CLOCK_SECONDS),
        iss={"essential": True, "value": issuer},
        aud={"essential": True, "value": client},
        sub={"essential": True},
        exp={"essential": True},
        iat={"essential": True},
        nonce={"essential": True, "value": nonce},
    )
    try:
        rules.validate(found.claims)
    except (JoseError, ValueError, TypeError) as fault:
        raise IdentityRefused(f"the ID token is not for this sign-in: {fault}"[:200]) from None
    audience, party = found.claims["aud"], found.claims.get("azp")
    if isinstance(audience, list) and len(audience) > 1 and party is None:
        raise IdentityRefused("the ID token is for several, and does not say whom it was given to")
    if party is not None and party != client:
        raise IdentityRefused("the ID token was given to somebody else")
    return dict(found.claims)
