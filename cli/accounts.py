"""Whose account it is that somebody typed: by its id, or by the user id that the person signs in with."""

from __future__ import annotations

from uuid import UUID

from chassis.domain import Claim
from chassis.messages import Catalogue
from cli.installation import Installation, ReadOnly
from services.identity.commands.parts import user_id_claim


def account_of(installation: Installation, text: str) -> UUID:
    """The account. Ends the program with a line where there is none.

    User ids stand nowhere in the clear: one is looked for by its blind index, with the installation's own key (S-19).
    """
    try:
        return UUID(text)
    except ValueError:
        pass
    key = installation.folder / "keys" / "identity_index_key.key"
    if not key.exists():
        raise SystemExit(f"{key} is missing, and without it an account is found by its id alone, not by {text!r}")
    identity = installation.service("identity")
    with installation.reading(identity.name) as session:
        app = identity.application(ReadOnly(identity.name, session), Catalogue())
        claim = app.repository.find(user_id_claim(key.read_bytes(), text))
    owner = claim.owner_id if isinstance(claim, Claim) else None
    if owner is None:
        raise SystemExit(f"nobody has the user id {text!r}, and it is no account's id")
    return owner
