"""Services that answer what a test says: stubs without a call, with a small world of employers and people."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import grpc
from google.protobuf.timestamp_pb2 import Timestamp
from mandate.access.v1 import service_pb2 as a
from mandate.common.v1.receipt_pb2 import ErrorDetail, Receipt
from mandate.connections.v1 import service_pb2 as c
from mandate.identity.v1 import desk_service_pb2 as d
from mandate.registry.v1 import service_pb2 as r

from chassis import nature
from chassis.paging import digest
from services.portal.web.audit_asking import AUDIENCES
from services.portal.web.clients import Clients
from tests.unit.portal.conftest import DirectError, DirectStub
from tests.unit.portal.identity_answers import CAST

CLINIC, OWN, OTHER, STRANGER, ADDED = (f"0c1f4f43-9a55-4f43-9a55-00000000000{n}" for n in range(1, 6))
ME, DELIA, JO, PETRA = (CAST[user_id].account_id for user_id in ("arivera1", "dmarsh22", "jnakamura", "pnovak31"))
AO, AM, SEU = "AUTHORIZED_OFFICIAL", "ACCESS_MANAGER", "STAFF_END_USER"
PROOF = "p" * 43
"""What a visitor gets for the right PIN."""


def id_of(number: int) -> str:
    return f"019ab000-0000-7000-8000-{number:012}"


def stamp() -> Timestamp:
    made = Timestamp()
    made.FromDatetime(datetime(2026, 5, 7, 14, 43, tzinfo=UTC))
    return made


def receipt(origin: str, position: int = 7, id: str = "") -> Receipt:
    return Receipt(origin=origin, edition=1, position=position, id=id or id_of(99))


def refusal(status: grpc.StatusCode, code: str, field_name: str = "") -> DirectError:
    detail = ErrorDetail(code=code, field=field_name).SerializeToString()
    return DirectError(status, (("mandate-error-bin", detail),))


def late(code: str = "UNAVAILABLE") -> DirectError:
    return refusal(grpc.StatusCode.UNAVAILABLE, code)


NO_SUCH = refusal(grpc.StatusCode.NOT_FOUND, "NOT_FOUND")


def association(
    number: int,
    employer: str,
    role: str = AO,
    status: str = "APPROVED",
    *functions: str,
    account: str = ME,
    track: str = "",
) -> a.Association:
    return a.Association(
        association_id=id_of(number), account_id=account, employer_id=employer, role=role, status=status,
        functions=functions, since=stamp(), tracking_id=track,
    )  # fmt: skip


def role_request(number: int, role: str, account: str = DELIA, employer: str = CLINIC, **more: Any) -> a.RoleRequest:
    return a.RoleRequest(
        role_request_id=id_of(number), account_id=account, employer_id=employer, role=role,
        tracking_id="R8WKT4C1GX", status=more.pop("status", "PENDING"), requested_at=stamp(), **more,
    )  # fmt: skip


def document(
    number: int, kind: str = "CP_575", name: str = "cp575.pdf", content: bytes = b"%PDF-", **more: Any
) -> a.Document:
    return a.Document(
        document_id=id_of(number), document_type=kind, file_name=name, media_type="application/pdf",
        bytes=len(content), uploaded_at=stamp(), status=more.pop("status", "UPLOADED"), **more,
    )  # fmt: skip


def invitation(
    number: int, *offers: a.Offer, status: str = "ISSUED", left_s: float = 3600, email: str = "cleo@harbor.example"
) -> a.Invitation:
    ends = Timestamp()
    ends.FromDatetime(datetime.now(UTC) + timedelta(seconds=left_s))
    return a.Invitation(
        invitation_id=id_of(number), tracking_id="V7F3K2QX9V", invited_by=ME, name="Cleo Maria Vargas", email=email,
        offers=offers, status=status, invited_at=stamp(), expires_at=ends,
    )  # fmt: skip


def connection(
    number: int, provider: str, surrogate: str, function: str, initiator: str, status: str = "PENDING"
) -> c.Connection:
    return c.Connection(
        connection_id=id_of(number), provider_id=provider, surrogate_id=surrogate, function=function, status=status,
        tracking_id="C7F3K2QX9V", initiator=initiator, since=stamp(),
    )  # fmt: skip


def _provider(id: str, name: str, *, organization: bool) -> r.Provider:
    at = r.PostalAddress(line1="18 Wharf Street", city="Harbor Point", state="ME", zip="039040118", country="US")
    npi = r.Npi(npi="2000000036", name=name, practice=at, mailing=at, phone="2075550120")
    return r.Provider(
        provider_id=id, is_organization=organization, name=name, npis=[npi], other_names=["Former Name"],
        ein_last_four="4576" if organization else "", category="ORGANIZATION" if organization else "INDIVIDUAL",
        address=at, phone=npi.phone,
    )  # fmt: skip


PROVIDERS = {
    CLINIC: _provider(CLINIC, "Harbor Point Medical Group", organization=True),
    OWN: _provider(OWN, "Rivera, Ana", organization=False),
    OTHER: _provider(OTHER, "Brightwater Billing Services", organization=True),
    ADDED: r.Provider(
        provider_id=ADDED, is_organization=True, name="Quay Billing LLC", ein_last_four="1113", category="THIRD_PARTY",
        address=r.PostalAddress(line1="12 Quay Street", city="Portland", state="ME", zip="04101", country="US"),
        phone="+12075550142",
    ),
}  # fmt: skip


def _ordered(asked: r.SelectProvidersRequest) -> r.SelectProvidersResponse:
    """By rank and name, as the registry does it."""
    names = {one: PROVIDERS[one].name.casefold() for one in asked.provider_ids if one in PROVIDERS}
    ranks = dict(zip(asked.provider_ids, asked.ranks, strict=True))
    wanted = [one for one in ranks if asked.name.casefold() in names.get(one, "")]
    wanted.sort(key=lambda one: names.get(one, "\uffff"), reverse=asked.descending)
    wanted.sort(key=lambda one: ranks[one])
    begin = 0
    if asked.after:
        at = wanted.index(asked.after)
        begin = max(at - asked.limit, 0) if asked.before else at + 1
    page = wanted[begin : wanted.index(asked.after) if asked.before else begin + asked.limit]
    return r.SelectProvidersResponse(provider_ids=page, found=len(wanted), skipped=begin)


def _kept(request: Any) -> Any:
    """A copy, because the caller goes on with its own; of a stream, all that came."""
    if not hasattr(request, "CopyFrom"):
        return list(request)
    kept = type(request)()
    kept.CopyFrom(request)
    return kept


class Canned:
    """A stub whose methods answer what they are given, a message, an error or a function of the request."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers
        self.asked: list[tuple[str, Any, dict[str, str]]] = []

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def ask(request: Any, *, timeout: float, metadata: Any) -> Any:
            kept = _kept(request)
            self.asked.append((name, kept, dict(metadata)))
            answer = self.answers[name]
            answer = answer(request) if callable(answer) else answer
            if isinstance(answer, Exception):
                raise answer
            return answer

        return ask

    def requests(self, name: str) -> list[Any]:
        return [request for asked, request, _ in self.asked if asked == name]

    def metadata(self, name: str) -> dict[str, str]:
        return next(metadata for asked, _, metadata in reversed(self.asked) if asked == name)


@dataclass
class World:
    """Ana Rivera manages the clinic and her own record, until a test says otherwise."""

    identity: DirectStub
    mine: list[a.Association] = field(default_factory=list)
    staff: list[a.Association] = field(default_factory=list)
    requests: list[a.RoleRequest] = field(default_factory=list)
    invitations: list[a.Invitation] = field(default_factory=list)
    pending: list[c.Connection] = field(default_factory=list)
    connected: list[c.Connection] = field(default_factory=list)
    documents: list[a.Document] = field(default_factory=list)
    content: bytes = b""
    expected: list[d.DeskInvitation] = field(default_factory=list)
    """Who is invited to the desk of External User Services."""
    at_desk: list[str] = field(default_factory=lambda: ["eusdesk1"])
    status: str = "ACTIVE"
    """Of every account."""
    closing: a.GetEmployerResponse | None = None
    """Of every employer; None: it is open, and something hangs on it."""

    def __post_init__(self) -> None:
        self.mine = [association(1, CLINIC, AO, "APPROVED", "PECOS", "NPPES"), association(2, OWN)]
        done = {"receipt": receipt("access")}
        self.access = Canned(
            ListMyEmployers=self._my_employers,
            SelectMyEmployers=self._select_mine,
            ShowEin=a.ShowEinResponse(ein="124434576"),
            ListEmployersOf=lambda asked: a.ListEmployersOfResponse(
                associations=[one for one in self.staff if one.account_id == asked.account_id]
            ),
            GetEmployer=lambda _: self.closing or a.GetEmployerResponse(people=12, role_requests=3, invitations=2),
            CloseEmployer=a.CloseEmployerResponse(**done),
            ListStaff=lambda asked: a.ListStaffResponse(
                staff=[
                    one
                    for one in self._at_mine(self.staff)
                    if one.status == asked.status
                    and asked.employer_id in ("", one.employer_id)
                    and (not asked.account_ids or one.account_id in asked.account_ids)
                ]
            ),
            SelectStaff=self._select,
            ListRoleRequests=self._requests,
            GetRoleRequest=self._request,
            FindRoleRequest=self._find,
            RequestRole=a.RequestRoleResponse(receipt=receipt("access", id=id_of(50))),
            CancelRoleRequest=a.CancelRoleRequestResponse(**done),
            ApproveRoleRequest=a.ApproveRoleRequestResponse(receipt=receipt("access")),
            RejectRoleRequest=a.RejectRoleRequestResponse(**done),
            ListDocuments=self._documents,
            UploadDocument=a.UploadDocumentResponse(**done, documents_uploaded=1, documents_required=1),
            DeleteDocument=a.DeleteDocumentResponse(**done),
            RefuseDocument=a.RefuseDocumentResponse(**done),
            AddComment=a.AddCommentResponse(**done),
            RemoveComment=a.RemoveCommentResponse(**done),
            CertifyPaper=a.CertifyPaperResponse(check_code="1XQ07M3K9ZTB", made_on="2026-05-07"),
            VerifyPaper=a.VerifyPaperResponse(tracking_id="R8WKT4C1GX", made_on="2026-05-07"),
            ReadDocument=lambda asked: a.ReadDocumentResponse(piece=self.content[asked.offset :][: 512 * 1024]),
            GrantFunction=a.GrantFunctionResponse(**done),
            WithdrawFunction=a.WithdrawFunctionResponse(**done),
            ModifyStaff=a.ModifyStaffResponse(**done),
            WithholdProviders=a.WithholdProvidersResponse(**done),
            Disassociate=a.DisassociateResponse(**done),
            InviteStaff=a.InviteStaffResponse(receipt=receipt("access", id=id_of(70)), tracking_id="V7F3K2QX9V"),
            ListInvitations=self._invitations,
            GetInvitation=self._invitation,
            WithdrawInvitation=a.WithdrawInvitationResponse(**done),
            ResendInvitation=a.ResendInvitationResponse(receipt=receipt("access", id=id_of(71))),
            AskForNewPin=a.AskForNewPinResponse(),
            EnterPin=self._enter_pin,
            AcceptInvitation=a.AcceptInvitationResponse(**done),
            PreviewInvitation=a.PreviewInvitationResponse(
                invited_by=ME,
                tracking_id="V7F3K2QX9V",
                offers=[a.Offer(employer_id=CLINIC, role=SEU, functions=["PECOS"])],
            ),
        )
        done = {"receipt": receipt("identity")}
        self.desk = Canned(
            ListDeskPeople=d.ListDeskPeopleResponse(account_ids=[CAST["eusdesk1"].account_id]),
            ListDeskInvitations=lambda _: d.ListDeskInvitationsResponse(invitations=self.expected),
            InviteToDesk=d.InviteToDeskResponse(receipt=receipt("identity"), tracking_id="V7F3K2QX9V"),
            WithdrawDeskInvitation=d.WithdrawDeskInvitationResponse(**done),
            EnterDeskPin=refusal(grpc.StatusCode.FAILED_PRECONDITION, "PIN_REFUSED"),
            FindAccount=self._account,
            CloseAccount=d.CloseAccountResponse(**done),
            TakeFromDesk=d.TakeFromDeskResponse(**done),
            AcceptDeskInvitation=refusal(grpc.StatusCode.FAILED_PRECONDITION, "PIN_REFUSED"),
        )
        done = {"receipt": receipt("connections")}
        self.connections = Canned(
            ListPending=lambda asked: c.ListPendingResponse(
                connections=self.pending[: asked.limit], waiting=len(self.pending)
            ),
            ListConnections=lambda _: c.ListConnectionsResponse(connections=self.connected),
            ApproveConnection=c.ApproveConnectionResponse(**done),
            RejectConnection=c.RejectConnectionResponse(**done),
            RequestConnection=c.RequestConnectionResponse(**done),
            CancelConnection=c.CancelConnectionResponse(**done),
            EndConnection=c.EndConnectionResponse(**done),
        )
        self.registry = Canned(
            GetProviders=lambda asked: r.GetProvidersResponse(
                providers=[PROVIDERS[one] for one in asked.provider_ids if one in PROVIDERS]
            ),
            SelectProviders=_ordered,
            AddEmployer=r.AddEmployerResponse(receipt=receipt("registry", id=ADDED)),
            SearchProviders=r.SearchProvidersResponse(providers=[PROVIDERS[CLINIC], PROVIDERS[OTHER]]),
        )

        self.audit = {name: Canned() for name in AUDIENCES}

    @property
    def clients(self) -> Clients:
        return Clients(
            identity=self.identity,
            people=self.identity,
            desk=self.desk,
            access=self.access,
            connections=self.connections,
            registry=self.registry,
            audit=self.audit,
        )

    def _account(self, asked: d.FindAccountRequest) -> Any:
        found = [who for who in CAST.values() if asked.typed == who.user_id or asked.account_id == who.account_id]
        if not found:
            return NO_SUCH
        who = found[0]
        return d.FindAccountResponse(
            account_id=who.account_id, user_id=who.user_id, first_name=who.first_name, last_name=who.last_name,
            status=self.status, registered_at=stamp(), is_at_desk=who.user_id in self.at_desk,
        )  # fmt: skip

    def _my_employers(self, asked: a.ListMyEmployersRequest) -> a.ListMyEmployersResponse:
        managed = [one for one in self.mine if one.status == "APPROVED" and one.role in (AO, AM)]
        found = managed if asked.managed else self.mine
        wanted = [one for one in found if not asked.association_ids or one.association_id in asked.association_ids]
        return a.ListMyEmployersResponse(associations=wanted[: asked.limit or None])

    def _select_mine(self, asked: a.SelectMyEmployersRequest) -> a.SelectMyEmployersResponse:
        found = [one for one in self.mine if not asked.statuses or one.status in asked.statuses]
        statuses = ["PENDING", "APPROVED", "REJECTED", "CANCELLED", "DISASSOCIATED"]

        def rank(one: a.Association) -> int:
            if asked.order in ("PECOS", "EHR", "NPPES"):
                return int(asked.order not in one.functions)
            by = {"": 0, "ROLE": [AO, AM, SEU].index(one.role), "STATUS": statuses.index(one.status)}
            return by[asked.order]

        return a.SelectMyEmployersResponse(
            association_ids=[one.association_id for one in found],
            employer_ids=[one.employer_id for one in found],
            ranks=[rank(one) for one in found],
            has_ehr=any("EHR" in one.functions for one in found),
        )

    def _at_mine(self, found: Sequence[Any]) -> list[Any]:
        """What the person sees: at own employers, as a manager only staff."""
        held = {one.employer_id: one.role for one in self.mine if one.status == "APPROVED"}
        seen = {AO: (AO, AM, SEU), AM: (SEU,)}
        return [one for one in found if one.role in seen.get(held.get(one.employer_id, ""), ())]

    def _waiting(self) -> list[a.RoleRequest]:
        return [one for one in self._at_mine(self.requests) if one.role != AO]

    def _select(self, asked: a.SelectStaffRequest) -> a.SelectStaffResponse:
        found = self._waiting() if asked.list == "PENDING" else self._at_mine(self.staff)
        roles = [AO, AM, SEU]
        ranks: dict[str, int] = {}
        for one in found:
            if one.status == asked.list and (not asked.employer_ids or one.employer_id in asked.employer_ids):
                ranks.setdefault(one.account_id, roles.index(one.role) if asked.order == "ROLE" else 0)
        sign = -1 if asked.descending else 1
        listed = [(id_, sign * ranks[id_]) for id_ in sorted(ranks) if id_ > asked.after][: asked.limit]
        if not asked.digest_only:
            return a.SelectStaffResponse(account_ids=[id_ for id_, _ in listed], ranks=[rank for _, rank in listed])
        return a.SelectStaffResponse(
            digest=digest([UUID(id_) for id_, _ in listed], [rank for _, rank in listed]) if listed else b"",
            next=listed[-1][0] if len(listed) == asked.limit else "",
        )

    def _requests(self, asked: a.ListRoleRequestsRequest) -> a.ListRoleRequestsResponse:
        if asked.at_my_employers:
            mine = [one for one in self._waiting() if not asked.account_ids or one.account_id in asked.account_ids]
            waiting = sum(one.account_id != ME for one in self._waiting())
            return a.ListRoleRequestsResponse(role_requests=mine, waiting=waiting)
        found = [
            one
            for one in self.requests
            if asked.employer_id in ("", one.employer_id)
            and asked.role in ("", one.role)
            and one.role_request_id > asked.after
            and (asked.also_incomplete or one.documents_uploaded >= one.documents_required)
        ]
        return a.ListRoleRequestsResponse(role_requests=found[: asked.limit])

    def _find(self, asked: a.FindRoleRequestRequest) -> Any:
        found = [one for one in self.requests if one.tracking_id == asked.tracking_id.upper().replace("-", "")]
        return a.FindRoleRequestResponse(role_request_id=found[0].role_request_id) if found else NO_SUCH

    def _documents(self, asked: a.ListDocumentsRequest) -> Any:
        found = self._request(a.GetRoleRequestRequest(role_request_id=asked.role_request_id))
        if isinstance(found, Exception):
            return found
        about = found.role_request
        return a.ListDocumentsResponse(
            documents=self.documents,
            documents_uploaded=about.documents_uploaded,
            documents_required=about.documents_required,
        )

    def _invitations(self, asked: a.ListInvitationsRequest) -> a.ListInvitationsResponse:
        mine = {asked.employer_id} if asked.employer_id else {one.employer_id for one in self.mine}
        found = [one for one in self.invitations if mine & {offer.employer_id for offer in one.offers}]
        return a.ListInvitationsResponse(invitations=found)

    def _invitation(self, asked: a.GetInvitationRequest) -> Any:
        found = [one for one in self.invitations if one.invitation_id == asked.invitation_id]
        return a.GetInvitationResponse(invitation=found[0]) if found else NO_SUCH

    def _enter_pin(self, _: a.EnterPinRequest) -> a.EnterPinResponse:
        is_person = "authorization" in self.access.metadata("EnterPin")
        return a.EnterPinResponse(receipt=receipt("access"), proof="" if is_person else PROOF)

    def _request(self, asked: a.GetRoleRequestRequest) -> Any:
        found = [one for one in self.requests if one.role_request_id == asked.role_request_id]
        if not found:
            return NO_SUCH
        return a.GetRoleRequestResponse(role_request=found[0])


def later(seconds: float) -> nature.Nature:
    """The world as it is, so much later."""
    from datetime import timedelta

    return nature.Nature(now=lambda: datetime.now(UTC) + timedelta(seconds=seconds), random_bytes=nature.random_bytes)
