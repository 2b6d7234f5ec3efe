"""Asking for a new PIN where the old one is too old, or was guessed at too often (IA-PIN-02)."""

from __future__ import annotations

from uuid import UUID

from chassis import nature, pins
from chassis.application import Application
from chassis.cause import Cause, Receipt
from services.access.commands.invitees import address_of
from services.access.commands.parts import Parts
from services.access.domain.invitation import Invitation


def ask_for_new_pin(app: Application, parts: Parts, cause: Cause, *, email: str) -> None:
    """Tell whoever invited this address that a new PIN is wanted, where a PIN of it is dead.

    Nobody learns whether there is one (A-01): a known address and an unknown one are answered alike, after the same
    hash. Asking twice tells nobody anything new.
    """
    address = address_of(email)
    parts.hasher.verify(None, address)
    for number, invitation_id in enumerate(pins.dead(app, parts, email=address)):
        app.execute(_ask, Cause.of(cause.actor, nature.new_id()) if number else cause, invitation_id=invitation_id)


def _ask(app: Application, cause: Cause, *, invitation_id: UUID) -> Receipt:
    invitation = app.repository.find(invitation_id)
    if not isinstance(invitation, Invitation):
        return app.commit(cause=cause)
    invitation.ask_for_new_pin(now=nature.now())
    return app.commit(invitation, cause=cause)
