"""`[oidc]` of the configuration: the identity provider whose word is taken for who somebody is."""

from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import Field, FilePath, StringConstraints, field_validator, model_validator

from central.channels.settings import url_fault
from central.loopback import is_loopback_name
from central.oidc.limits import OIDC_ANSWER_SECONDS_MAX, OIDC_GROUPS_MAX, OIDC_SECRET_CHARACTERS_MAX
from central.rights import grants_of
from central.section import Section

SCOPE = r"^[\x21\x23-\x5b\x5d-\x7e]{1,128}$"
CLAIM = r"^[A-Za-z0-9_:./-]{1,128}$"


def address_fault(address: str) -> str:
    """Why an address of the provider is not asked; empty: it is. Without TLS only this very machine is."""
    if fault := url_fault(address, private=True):
        return fault
    parts = urlsplit(address)
    if parts.scheme == "http" and not is_loopback_name(parts.hostname or ""):
        return "https is needed; http only to this very machine"
    return ""


class OidcSettings(Section):
    """Sign-in through an identity provider (OpenID Connect); without this table there is none. `public_url` is needed:
    `<public_url>/sign-in/oidc/back` is the address to register at the provider."""

    issuer: Annotated[
        str, Field(max_length=500, description="the provider as it names itself; https, or this very machine")
    ]
    client_id: Annotated[str, Field(min_length=1, max_length=200)]
    client_secret_file: Annotated[
        FilePath | None, Field(description="holds the secret and nothing else; none: a public client, by PKCE alone")
    ] = None
    ca_file: Annotated[
        FilePath | None, Field(description="PEM of the certificates to trust instead of the public ones")
    ] = None
    scopes: Annotated[
        tuple[Annotated[str, StringConstraints(pattern=SCOPE)], ...],
        Field(max_length=20, description="`openid` is one"),
    ] = ("openid", "profile")
    account_claim: Annotated[
        str,
        Field(pattern=CLAIM, description="names the account; one that people cannot change themselves at the provider"),
    ] = "preferred_username"
    groups_claim: Annotated[
        str, Field(pattern=f"{CLAIM}|^$", description="holds the groups that `roles` gives roles to; empty: none")
    ] = ""
    roles: Annotated[
        dict[str, tuple[str, ...]],
        Field(
            max_length=OIDC_GROUPS_MAX,
            description="group -> roles, as `leader@site/area/line` for a place; set anew at each sign-in",
        ),
    ] = Field(default_factory=dict)
    create_accounts: Annotated[
        bool, Field(description="whom nobody has added gets an account: with the roles of the groups, else as operator")
    ] = False
    label: Annotated[str, Field(max_length=40, description="how the provider is called on the button")] = ""
    answer_seconds_max: Annotated[float, Field(ge=0.1, le=OIDC_ANSWER_SECONDS_MAX)] = 5.0

    @field_validator("issuer")
    @classmethod
    def _issuer_is_safe(cls, told: str) -> str:
        if fault := address_fault(told):
            raise ValueError(fault)
        return told

    @field_validator("roles")
    @classmethod
    def _roles_are_there(cls, told: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        for given in told.values():
            if not grants_of(given):
                raise ValueError("a group gives one role at least")
        return told

    @model_validator(mode="after")
    def _belongs_together(self) -> Self:
        if "openid" not in self.scopes:
            raise ValueError("`scopes` holds `openid`")
        if bool(self.groups_claim) != bool(self.roles):
            raise ValueError("`groups_claim` and `roles` go together")
        return self


def read_secret(path: Path | None) -> str:
    """The client's secret; empty for a public client. Raises ValueError for a file that holds none."""
    if path is None:
        return ""
    try:
        found = path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as fault:
        raise ValueError(f"{path}: {fault}") from None
    if not 1 <= len(found) <= OIDC_SECRET_CHARACTERS_MAX or not found.isascii():
        raise ValueError(f"{path} holds no secret of at most {OIDC_SECRET_CHARACTERS_MAX} ASCII characters")
    return found
