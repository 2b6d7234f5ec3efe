"""From a notification to a message: asks who the recipient is, opens what is sealed, renders, composes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from email.message import EmailMessage
from typing import Any
from uuid import UUID

from chassis.vocabulary import eastern, tracking
from chassis.vocabulary.header_text import HostileTextError
from services.notifier.adapters.letters import LANGUAGES, WORDS, render
from services.notifier.adapters.messages import compose
from services.notifier.adapters.ports import (
    SMS,
    VOICE,
    AtEmployers,
    Contact,
    Contacts,
    Invitees,
    Newcomers,
    NotNeededError,
    Parties,
    Party,
    RefusedForGoodError,
    Secrets,
    Signers,
)
from services.notifier.adapters.settings import NotifierSettings
from services.notifier.domain.mails import SAME_PERSON
from services.notifier.domain.notification import INVITEE, NEWCOMER, OFFICIAL, SIGNER, Notification

PEOPLE = ("requester_id", "inviter_id")
ORGANIZATIONS = {
    "employer_id": "employer",
    "provider_id": "party",
    "surrogate_id": "party",
    "receiving_provider_id": "party",
}
"""Ids in a notification's data, and the word that stands for a name which is not known."""
ROLES = ("role", "current_role", "role_before", "role_after")


@dataclass(frozen=True, slots=True)
class Addressed:
    """A message and its envelope."""

    message: EmailMessage
    sender: str
    to: str


class Addressing:
    """Knows names and addresses for as long as it takes to write one mail."""

    def __init__(
        self,
        settings: NotifierSettings,
        *,
        contacts: Contacts,
        newcomers: Newcomers,
        invitees: Invitees,
        at_employers: AtEmployers,
        signers: Signers,
        parties: Parties,
        secrets: Secrets,
    ) -> None:
        self._settings, self._secrets = settings, secrets
        self._contacts, self._invitees, self._signers, self._parties = contacts, invitees, signers, parties
        self._at_employers, self._newcomers = at_employers, newcomers

    def write(self, notification: Notification, *, now: datetime) -> Addressed:
        """The mail, ready for the post. Raises `TryLaterError`, `RefusedForGoodError` and `NotNeededError`."""
        settings = self._settings
        contact = self._recipient(notification)
        asked_in = notification.data.get("language") or contact.language
        language = asked_in if asked_in in LANGUAGES else LANGUAGES[0]
        try:
            letter = render(
                notification.template,
                language,
                foreign=self._foreign(notification.data, contact, WORDS[language]),
                ours=self._ours(notification, contact),
            )
            message = compose(
                letter,
                notification_id=notification.id,
                to=contact.address,
                sender=settings.mail_from,
                sender_name=settings.mail_from_name,
                language=language,
                at=now,
            )
        except HostileTextError as error:
            raise RefusedForGoodError(f"HOSTILE_TEXT: {error.field}") from None
        return Addressed(message=message, sender=settings.mail_from, to=str(message["To"]))

    def _recipient(self, notification: Notification) -> Contact:
        kind, _, rest = notification.recipient.partition("/")
        who, _, more = rest.partition("/")
        contact = self._contact(kind, UUID(who), more, notification.data)
        if contact is None:
            raise RefusedForGoodError(f"NO_RECIPIENT: the {kind} is not known any more")
        domain = {SMS: self._settings.sms_domain, VOICE: self._settings.voice_domain}.get(contact.kind)
        return replace(contact, address=f"{contact.address.lstrip('+')}@{domain}") if domain else contact

    def _contact(self, kind: str, who: UUID, more: str, data: Mapping[str, Any]) -> Contact | None:
        if kind == INVITEE:
            return self._invitees.invitee(who)
        if kind == NEWCOMER:
            return self._newcomers.newcomer(who)
        if kind == OFFICIAL:
            return self._official(who, data)
        if kind == SIGNER:
            return self._signers.signer(who, UUID(more))
        return self._account(who, more, data)

    def _account(self, who: UUID, method_id: str, data: Mapping[str, Any]) -> Contact | None:
        """Somebody with an account: of a mail about an employer, at the address chosen for it (IA-EMP-06).

        Of a mail about a connection, at that for the own side of it.
        """
        contact = self._contacts.contact(who, method_id)
        employer_id = data.get("employer_id") or data.get("side_id")
        if contact is None or not employer_id:
            return contact
        chosen = self._at_employers.at_employer(who, UUID(employer_id))
        return replace(contact, address=chosen) if chosen else contact

    def _official(self, role_request_id: UUID, data: Mapping[str, Any]) -> Contact | None:
        """A named official, unless one of those who decide is reached there: one person gets one mail (M-10)."""
        official = self._at_employers.official(role_request_id)
        for decider in data.get("decider_ids", ()) if official else ():
            known = self._account(UUID(decider), "", data)
            if known and official and known.address.casefold() == official.address.casefold():
                raise NotNeededError(SAME_PERSON)
        return official

    def _ours(self, notification: Notification, contact: Contact) -> dict[str, Any]:
        settings = self._settings
        sealed, context = notification.sealed_secret, notification.seal_context
        return {
            "address": contact.address,
            "desk": settings.help_desk,
            "base_url": settings.base_url,
            "pecos_url": settings.pecos_url,
            "nppes_url": settings.nppes_url,
            "reference": reference(notification.correlation),
            "expires": eastern.format_moment(notification.expires_at) if notification.expires_at else "",
            "secret": self._secrets.open(sealed, context) if sealed else "",
        }

    def _foreign(self, data: Mapping[str, Any], contact: Contact, words: Mapping[str, str]) -> dict[str, Any]:
        """The data, with a name for each id (`requester_id` becomes `requester`) and a word for each role."""
        foreign: dict[str, Any] = {**data, "name": contact.name, "user_id": contact.user_id}
        for key in ROLES:
            if key in data:
                foreign |= {key: words.get(data[key], data[key]), f"{key}_code": data[key]}
        for key in PEOPLE:
            if key in data:
                person = self._contacts.contact(UUID(data[key]))
                foreign[key.removesuffix("_id")] = person.name if person and person.name else words["person"]
        if "invitation_id" in data or "newcomer_id" in data:
            invited = self._invited(data)
            foreign["invitee"] = invited.name if invited else words["person"]
        for key, unknown in ORGANIZATIONS.items():
            if key in data:
                foreign[key.removesuffix("_id")] = self._party(data[key], words[unknown]).name
        if "provider_id" in data:
            foreign["npis"] = list(self._party(data["provider_id"], "").npis)
        if "employer_ids" in data:
            foreign["employers"] = [self._party(id_, words["employer"]).name for id_ in data["employer_ids"]]
        return foreign

    def _invited(self, data: Mapping[str, Any]) -> Contact | None:
        if "newcomer_id" in data:
            return self._newcomers.newcomer(UUID(data["newcomer_id"]))
        return self._invitees.invitee(UUID(data["invitation_id"]))

    def _party(self, id: str, unknown: str) -> Party:
        return self._parties.party(UUID(id)) or Party(unknown)


def reference(correlation: str) -> str:
    """A correlation id in 8 characters of Crockford's base32, made of its random end: short enough to read out."""
    number = UUID(correlation).int
    return "".join(tracking.ALPHABET[number >> shift & 31] for shift in range(35, -1, -5))
