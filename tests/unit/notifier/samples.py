"""What each mail is made of in the tests of its words."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from services.notifier.adapters.letters import Letter, render
from services.notifier.adapters.settings import NotifierSettings

SETTINGS = NotifierSettings(base_url="https://portal.example/", smtp_starttls=False)
BASE = "https://portal.example"

OURS: dict[str, Any] = {
    "address": "jane.doe@example.com",
    "desk": SETTINGS.help_desk,
    "base_url": SETTINGS.base_url,
    "pecos_url": SETTINGS.pecos_url,
    "nppes_url": SETTINGS.nppes_url,
    "reference": "K7Q2M4XA",
    "expires": "05/04/2026 09:10AM",
    "secret": "",
}
PERSON = {"name": "Jane Doe", "user_id": "janedoe1"}
ROLE = {
    "employer": "Marlbrook Family Clinic",
    "role": "Access Manager",
    "role_code": "ACCESS_MANAGER",
    "current_role": "",
    "tracking_id": "R7F3K2QX9V",
    "role_request_id": "019ab000-0000-7000-8000-000000000060",
}
PARTIES = {
    "provider": "Rosalind Marlbrook",
    "surrogate": "Ledger Billing Group",
    "functions": [
        {"function": "PECOS", "tracking_id": "C7F3K2QX9V"},
        {"function": "NPPES", "tracking_id": "C1A2B3C4D5"},
    ],
}

APPLICATION = {
    "provider": "Rosalind Marlbrook",
    "form": "855I",
    "tracking_id": "T050420260000019",
    "contractor": "Northern Contractor",
}
SIGN = f"{BASE}/applications/T050420260000019/sign"


@dataclass(frozen=True)
class Sample:
    """One mail: its data, its subjects, and what domain.md 6 says that it must contain."""

    id: str
    subject: str
    asunto: str
    data: dict[str, Any] = field(default_factory=dict)
    secret: str = ""
    contains: tuple[str, ...] = ()
    contiene: tuple[str, ...] = ()

    def letter(self, language: str = "en", **changed: Any) -> Letter:
        return render(
            self.id, language, foreign={**PERSON, **self.data, **changed}, ours=OURS | {"secret": self.secret}
        )


SAMPLES = (
    Sample(
        "M-01",
        "You've been invited to register with the Centers for Medicare and Medicaid Identity & Access System",
        "Se le invita a registrarse en el Sistema de Identidad y Acceso de los Centros de Medicare y Medicaid",
        {"inviter": "Jon Snow", "employers": ["AAG Org One", "JON SNOW"], "tracking_id": "V7F3K2QX9V"},
        secret="ABCD2345",
        contains=(
            (
                "Jon Snow requested that you register as a staff user for your employer(s) AAG Org One, JON SNOW in the"
                " Centers for Medicare and Medicaid Services Identity & Access (I&A) system. To continue, please either"
                " click on the PIN Entry Page link provided below or cut and paste the link into your browser and enter"
                " the e-mail address and the PIN provided below. Note that the PIN will expire in 72 hours if not used."
            ),
            "PIN Entry Page",
            f"{BASE}/pin",
            "jane.doe@example.com",
            "ABCD2345",
            "Invitation Tracking ID",
            "V7F3-K2QX-9V",
            "Systems that currently accept I&A log in credentials:",
            "Internet-based PECOS (https://pecos.cms.hhs.gov)",
            "NPPES (https://nppes.cms.hhs.gov)",
        ),
        contiene=("Jon Snow", "AAG Org One, JON SNOW", f"{BASE}/pin", "ABCD2345", "72 horas", "V7F3-K2QX-9V"),
    ),
    Sample(
        "M-02",
        "Your I&A account has been created",
        "Su cuenta de I&A fue creada",
        contains=("janedoe1", "Individual Provider", "Authorized Official or Access Manager", "Staff End User"),
        contiene=("janedoe1", "proveedor individual", "funcionario autorizado", "usuario final del personal"),
    ),
    Sample(
        "M-03",
        "Your verification code",
        "Su código de verificación",
        {"minutes": 10},
        secret="042137",
        contains=("042137", "10 minutes", "If this was not you"),
        contiene=("042137", "10 minutos", "Si no fue usted"),
    ),
    Sample(
        "M-07",
        "Your account is locked",
        "Su cuenta está bloqueada",
        {"reason": "PASSWORD"},
        contains=("the password was wrong too many times", "Forgot Password says how", "1-866-484-8049"),
        contiene=("la contraseña fue incorrecta", "dice cómo se puede desbloquear", "1-866-484-8049"),
    ),
    Sample(
        "M-09",
        "Your employer request was received",
        "Se recibió su solicitud de empleador",
        ROLE,
        contains=(
            "Access Manager",
            "Marlbrook Family Clinic",
            "R7F3-K2QX-9V",
            "OPTION A: Print, Sign and Submit to CMS the Access Manager Certification for this request",
            "OPTION B: Please have an existing Authorized Official for this Organization approve your request",
            "Documents still missing",
        ),
        contiene=("Access Manager", "Marlbrook Family Clinic", "R7F3-K2QX-9V", "OPCIÓN A", "OPCIÓN B", "CP 575"),
    ),
    Sample(
        "M-10",
        "A role request awaits your decision",
        "Una solicitud de función espera su decisión",
        ROLE | {"requester": "Samuel Jones"},
        contains=(
            "Samuel Jones",
            "Access Manager",
            "Marlbrook Family Clinic",
            "R7F3-K2QX-9V",
            "My Staff - Role Requests",
            f"{BASE}/staff/requests",
        ),
        contiene=("Samuel Jones", "Marlbrook Family Clinic", "R7F3-K2QX-9V", f"{BASE}/staff/requests"),
    ),
    Sample(
        "M-11",
        "Your documents were received",
        "Se recibieron sus documentos",
        ROLE | {"is_desk": False},
        contains=("Marlbrook Family Clinic", "R7F3-K2QX-9V", "5 to 10 business days"),
        contiene=("Marlbrook Family Clinic", "R7F3-K2QX-9V", "5 a 10 días hábiles"),
    ),
    Sample(
        "M-12",
        "Your role request was approved",
        "Su solicitud de función fue aprobada",
        ROLE,
        contains=("Access Manager", "Marlbrook Family Clinic", "Functions now available", "PECOS, NPPES"),
        contiene=("Marlbrook Family Clinic", "Sistemas de CMS disponibles", "PECOS, NPPES"),
    ),
    Sample(
        "M-13",
        "Your role request was rejected",
        "Su solicitud de función fue rechazada",
        ROLE | {"reason": "We do not know you"},
        contains=("Access Manager", "Marlbrook Family Clinic", "R7F3-K2QX-9V", "We do not know you"),
        contiene=("Marlbrook Family Clinic", "R7F3-K2QX-9V", "We do not know you"),
    ),
    Sample(
        "M-14",
        "Your access to Marlbrook Family Clinic changed",
        "Su acceso a Marlbrook Family Clinic cambió",
        {"employer": "Marlbrook Family Clinic", "role_before": "Staff End User", "role_after": ""},
        contains=("Before", "Staff End User", "After", "no access"),
        contiene=("Antes", "Staff End User", "Después", "sin acceso"),
    ),
    Sample(
        "M-14",
        "Your access to Marlbrook Family Clinic changed",
        "Su acceso a Marlbrook Family Clinic cambió",
        {"employer": "Marlbrook Family Clinic", "role_before": "", "functions_before": []}
        | {"role_after": "Staff End User", "functions_after": ["NPPES", "PECOS"]},
        contains=("Before", "no access", "After", "Staff End User, NPPES, PECOS"),
        contiene=("Antes", "sin acceso", "Después", "Staff End User, NPPES, PECOS"),
    ),
    *(
        Sample(
            "M-15",
            "Marlbrook Family Clinic has no Authorized Official",
            "Marlbrook Family Clinic no tiene funcionario autorizado",
            {"employer": "Marlbrook Family Clinic", "is_desk": is_desk},
            contains=("go on as before", f"{BASE}/eus" if is_desk else f"{BASE}/employers/find"),
            contiene=("siguen como antes", f"{BASE}/eus" if is_desk else f"{BASE}/employers/find"),
        )
        for is_desk in (False, True)
    ),
    Sample(
        "M-16",
        "A connection request awaits your decision",
        "Una solicitud de conexión espera su decisión",
        PARTIES | {"initiator": "SURROGATE"},
        contains=(
            "Rosalind Marlbrook",
            "Ledger Billing Group",
            "PECOS, Tracking ID C7F3-K2QX-9V",
            "NPPES, Tracking ID C1A2-B3C4-D5",
            "Ledger Billing Group will be able to change the PECOS enrollment of Rosalind Marlbrook.",
            "Ledger Billing Group will be able to change the NPPES record of Rosalind Marlbrook.",
            f"{BASE}/home",
        ),
        contiene=(
            "PECOS, ID de seguimiento C7F3-K2QX-9V",
            "Ledger Billing Group podrá cambiar la inscripción PECOS de Rosalind Marlbrook.",
        ),
    ),
    Sample(
        "M-17",
        "Your connection request was approved",
        "Su solicitud de conexión fue aprobada",
        PARTIES | {"outcome": "APPROVED", "reason": "", "npis": ["2000000002", "2000000010"]},
        contains=(
            "NPIs now reachable",
            "2000000002, 2000000010",
            "PECOS",
            "Approved, Tracking ID C7F3-K2QX-9V",
            "NPPES",
            "all NPIs associated with",
        ),
        contiene=("PECOS", "Aprobada, ID de seguimiento C7F3-K2QX-9V", "todos los NPI asociados"),
    ),
    Sample(
        "M-18",
        "A connection has ended",
        "Una conexión terminó",
        PARTIES | {"ended_by_side": "PROVIDER"},
        contains=("Ended by", "Rosalind Marlbrook", "Ledger Billing Group", "PECOS", "NPPES"),
        contiene=("Terminada por", "Rosalind Marlbrook", "PECOS", "NPPES"),
    ),
    Sample(
        "M-19",
        "EHR requests were closed",
        "Las solicitudes de EHR fueron cerradas",
        {"tracking_ids": ["C7F3K2QX9V", "C1A2B3C4D5"]},
        contains=("October 1, 2023", "C7F3-K2QX-9V", "C1A2-B3C4-D5", f"{BASE}/connections"),
        contiene=("1 de octubre de 2023", "C7F3-K2QX-9V", "C1A2-B3C4-D5"),
    ),
    Sample(
        "M-20",
        "Your invitation was accepted",
        "Su invitación fue aceptada",
        {
            "invitee": "Sam Jones",
            "employers": ["AAG Org One", "JON SNOW"],
            "tracking_id": "V7F3K2QX9V",
            "outcome": "ACCEPTED",
        },
        contains=("Sam Jones", "AAG Org One, JON SNOW", "V7F3-K2QX-9V", f"{BASE}/staff"),
        contiene=("Sam Jones", "AAG Org One, JON SNOW", "V7F3-K2QX-9V"),
    ),
    Sample(
        "M-20",
        "A new PIN is asked for",
        "Le piden un PIN nuevo",
        {"invitee": "Sam Jones", "employers": ["AAG Org One"], "tracking_id": "V7F3K2QX9V", "outcome": "ASKED"},
        contains=("Sam Jones", "asks for a new one", "AAG Org One", "V7F3-K2QX-9V", f"{BASE}/staff"),
        contiene=("Sam Jones", "pide uno nuevo", "AAG Org One", "V7F3-K2QX-9V"),
    ),
    Sample(
        "M-21",
        "Your signature is needed on a Medicare application",
        "Se necesita su firma en una solicitud de Medicare",
        APPLICATION,
        contains=("Rosalind Marlbrook", "CMS-855I", "T050-4202-6000-0019", SIGN, "05/04/2026 09:10AM"),
        contiene=("Rosalind Marlbrook", "CMS-855I", "T050-4202-6000-0019", SIGN, "05/04/2026 09:10AM"),
    ),
    Sample(
        "M-22",
        "Application received",
        "Solicitud recibida",
        APPLICATION | {"filing_date": "05/04/2026"},
        contains=("T050-4202-6000-0019", "Northern Contractor", "05/04/2026"),
        contiene=("T050-4202-6000-0019", "Northern Contractor", "05/04/2026"),
    ),
    Sample(
        "M-24",
        "Corrections are needed",
        "Se necesitan correcciones",
        APPLICATION | {"reason": "The phone number"},
        contains=("The phone number", "05/04/2026 09:10AM"),
        contiene=("The phone number", "05/04/2026 09:10AM"),
    ),
    Sample(
        "M-25",
        "Application approved",
        "Solicitud aprobada",
        APPLICATION | {"effective_date": "05/04/2026"},
        contains=("05/04/2026", "inside PECOS only"),
        contiene=("05/04/2026", "solo dentro de PECOS"),
    ),
    Sample(
        "M-26",
        "Application rejected",
        "Solicitud rechazada",
        APPLICATION | {"outcome": "SIGNATURES_MISSING", "reason": ""},
        contains=("Not all signatures came in time", "Correct & Re-submit"),
        contiene=("No llegaron a tiempo todas las firmas", "Corregir y volver a presentar"),
    ),
    Sample(
        "M-29",
        "Reassignment started",
        "Reasignación iniciada",
        {
            "provider": "Rosalind Marlbrook",
            "receiving_provider": "Ledger Medical Group",
            "outcome": "STARTED",
            "day": "05/04/2026",
        },
        contains=("Rosalind Marlbrook", "Ledger Medical Group", "05/04/2026"),
        contiene=("Rosalind Marlbrook", "Ledger Medical Group", "05/04/2026"),
    ),
    Sample(
        "M-30",
        "Somebody tried to register with your address",
        "Alguien intentó registrarse con su dirección",
        contains=("If it was you, sign in", f"{BASE}/signin", f"{BASE}/recover/user-id", "If it was not you"),
        contiene=("Si fue usted", f"{BASE}/signin", f"{BASE}/recover/password", "Si no fue usted"),
    ),
)
BY_ID = {sample.id: sample for sample in SAMPLES}
