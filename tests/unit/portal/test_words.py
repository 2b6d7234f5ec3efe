"""The catalogue: both languages whole, every key known and used, the deck's words word for word."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest

from services.portal.web import templating, words
from services.portal.web.guides import GUIDES
from tests.unit.portal.reading import text

EN, ES = words.load("en"), words.load("es")
WEB = templating.WEB
SOURCES = [*WEB.rglob("*.html"), *WEB.rglob("*.py")]

MADE_UP = (
    r"no_right\.[A-Z_.]+",
    r"error\.\w+",
    r"done\.\w+",
    r"notice\.\w+",
    r"failure\.\w+\.(title|text)",
    r"question\.\w+",
    r"help_\w+\..+",
    r"IA-(UID|PW)-\d\d\.(rule|broken)",
    r"IA-USEC-01\.(met|not|open)",
    r"IA-MFA-01\.(sms|email|voice)",
    r"IA-MFA-07\.(sent_)?(sms|email|voice)",
    r"IA-ROLE\.(relation\.)?\w+",
    r"IA-PROF-02\.(all|approved|pending|ended)",
    r"IA-PROF-05\.(means\.)?\w+",
    r"IA-PROF-06\.[A-Z]+",
    r"IA-NAV-01\.(home|profile|connections|staff|enrollments|mac|eus|audit|as_of)",
    r"IA-HOME-02\.(providers|surrogates)",
    r"IA-EMP-04\.\w+",
    r"IA-EMP-06\.(own|other)",
    r"IA-EMP-07\.[A-Z_]+",
    r"X-16\.(about\.)?[A-Z_]+",
    r"IA-CONF-01\.(step\.|waits\.)?\w+",
    r"IA-CONF-02\.[A-Z_]+",
    r"IA-CONF-03\.((types|about)\.)?\w+",
    r"IA-CONF-04\.[A-Z_0-9]+",
    r"IA-CONF-07\.[A-Z_]+",
    r"IA-STAFF-01\.(none\.|none_text\.)?(active|requests|inactive|last|first|employer)",
    r"IA-STAFF-03\.\w+",
    r"IA-ADDS-03\.\w+",
    r"IA-INV-01\.((is|means)\.)?\w+",
    r"IA-RREQ-01\.(then\.)?\w+",
    r"IA-MOD-01\.then\.\w+",
    r"IA-APPR-0[123]\.(\w+\.)?\w+",
    r"IA-CONN-0[23457]\.(\w+\.)*\w+",
    r"IA-CONN-12\.(title|then)\.\w+",
    r"PE-ENR-01\.status\.\w+",
    r"PE-REP-01\.(origin_is|capacity)\.\w+",
    r"PE-REA-0[15789]\.((is|every)\.)?\w+",
    r"PE-REA-11\.((capacity|is|by)\.)?\w+",
    r"PE-X-03\.(because|due)\.\w+",
    r"PE-X-04\.(as|name_of|email_of|nothing|nothing_text)\.\w+",
    r"PE-X-05\.(topic|field|question|choice|hint|who|ask|then|do|sign_then)\.\w+",
    r"PE-BEN-03\.(about\.)?[A-Z_]+",
    r"eus_account\.is\.[A-Z_]+",
    r"eus_employer\.is\.(OPEN|CLOSED)",
    r"audit_said\..+",
    r"audit_explorer\.key\.\w+",
    r"mac\.(do|then)\.\w+",
    r"PE-X-02\.((purpose|is)\.)?\w+",
)
"""Keys that are put together where they are used."""

# The deck's words, by the screen that shows them.
DECK = {
    "/signin": (
        "EHR Business Function in I&A",  # IA-SIGN-03
        (
            "Starting October 1, 2023, the Promoting Interoperability Programs (previously known as The Medicare "
            "and Medicaid Electronic Health Records (EHR) Incentive Programs) website will be decommissioned and "
            "current users will no longer have access to the website. All options to add the EHR business "
            "function to staff will be removed in I&A and all pending requests for EHR will be rejected."
        ),
        (
            "Authorized users are able to sign in to the Identity & Access Management System. If you are a new "
            "user you must first register"
        ),
        "* indicates required field(s)",
        "User ID",
        "Password",
        "Sign In",
        "Forgot Password",
        "Retrieve Forgotten User ID",
        "Enter your PIN",
        "One account to access multiple systems",  # IA-SIGN-06
        (
            "Create one account with the Identity & Access Management System to manage access to NPPES and PECOS,"
            " manage staff, and authorize others to access your information."
        ),
        "IMPORTANT! - Every individual user with access to the I&A system is responsible for:",
        "Keeping login information secure.",
        "Selecting strong passwords.",
        "Reporting any unauthorized use of accounts.",
        "Sharing of login information is strictly prohibited!",  # IA-SIGN-04
        "Create Account Now",
        "Use this system to register for Medicare or update your current enrollment information.",  # IA-SIGN-07
        "Use this system to apply for and manage National Provider Identifiers (NPIs).",
        "Quick Reference Guide",
        "Overview of features and tools to manage your account.",
        "Frequently Asked Questions",
        "Answers to common questions about registration, who should register, and how to manage your account.",
        "To learn more about Multi-Factor Authentication (MFA) click here",
        "Help",
    ),
    "/register": (
        "User Registration",
        (
            "Note: The e-mail address provided must be a unique e-mail address for you, and will be the e-mail "
            "address used to contact you regarding your user account."
        ),
        "E-mail Address",
        "Confirm E-mail Address",
        "Listen to audio",
        "Enter the text from the image above",
        "Cancel",
    ),
    "/help/roles": (
        "Roles",
        "Represent an Organization",
        "Manage Staff",
        "Approve/ Manage Connections",
        "Act on Behalf of Provider in CMS systems",
        "Individual Provider",
        "Authorized Official",
        "Access Manager",
        "Staff End User",
        "Surrogate",
        "Roles and Relationships",
    ),
    "/help": (
        "Contact Information",
        "CMS External User Services",
        "Mail Stop DO-01-50",
        "7500 Security Blvd.",
        "Baltimore, MD 21244-1850",
        "Phone: 1-866-484-8049",
        "TTY: 1-866-523-4759",
        "EUS_Support@cms.hhs.gov",
        "800-465-3203",
        "External User Services (EUS) Website",
    ),
    "/home": (
        "Home",
        "My Profile",
        "My Connections",
        "My Pending Connections",
        (
            "These are Pending Connection requests that have been sent to you or your organization and require "
            "your action to approve or reject."
        ),
        "Total Pending Providers: 0",
        "Total Pending Surrogates: 0",
        "News & Alerts",
        "EUS Contact Information:",
        "Application Links",
        "National Plan and Provider Enumeration System",
        "Medicare Provider Enrollment, Chain, and Ownership System",
        "Program to Evaluate Payment Patterns Electronic Reports (PEPPERS)",
        "Quick Actions",
        "Add Connection",
        "Add Employer",
        "Logged in as arivera1",
        "Sign Out",
        "Last Logged on",
    ),
    "/profile": (
        "My Information",
        "Date of Birth",
        "Business Phone Number",
        "Personal Phone Number",
        "Fax Number",
        "Home Address",
        "Modify My Information",
        "Primary E-mail Address",
        "Modify Primary E-mail",
        "Your Password will expire in 57 day(s).",
        "Change Password",
        "Change Security Questions & Answers",
        "Multi-Factor Authentication (MFA)",
        "Setup/Change your MFA Methods",
        "MFA Setup",
        "Employer Information",
        "All Employers",
        "Only Approved Employers",
        "Only Approved and Pending Employers",
        "Only Cancelled, Disassociated, and Rejected Employers",
        "Search By:",
        "Employer Name",
        "Clear",
        "No Employers Exist.",
        'If you wish to add an employer, click "Add an Employer".',
    ),
}
# Of the pages of PECOS, by key (2.11); tests/e2e/pages walks them.
PECOS = {
    "PE-ENR-01.title": "Existing Enrollments",
    "PE-ENR-01.view": "VIEW",
    "PE-ENR-01.revalidate": "REVALIDATE",
    "PE-ENR-04.more": "MORE OPTIONS",
    "PE-ENR-01.contractor": "Contractor",
    "PE-ENR-01.state": "State",
    "PE-ENR-01.specialty": "Type/Specialty",
    "PE-ENR-01.type": "Enrollment Type",
    "PE-ENR-01.medicare_id": "Medicare ID",
    "PE-ENR-01.medicare_ids": "View Medicare ID Report",
    "PE-ENR-01.status_of": "Status",
    "PE-ENR-01.status.APPROVED": "APPROVED",
    "PE-ENR-01.record": "View Approved Enrollment Record",
    "PE-ENR-01.adi": "Current ADI Accreditation?",
    "PE-ENR-03.status": "Revalidation Status",
    "PE-ENR-03.due": "Revalidation Due",
    "PE-ENR-03.date": "Revalidation Due Date",
    "PE-ENR-01.location": "Practice Location",
    "PE-ENR-01.existing": "Existing Reassignments:",
    "PE-ENR-01.pending": "Pending Reassignments Applications:",
    "PE-ENR-01.manage": "View/Manage Reassignments",
    "PE-REA-01.title": "Pending Reassignments Applications",
    "PE-REA-01.name": "Name/LBN",
    "PE-REA-01.tracking": "Tracking ID",
    "PE-X-02.is.PENDING_SIGNATURES": "PENDING E-SIGNATURES",
    "PE-REA-02.view": "View Pending E-Signatures Application",
    "PE-REA-02.manage": "MANAGE SIGNATURES",
    "PE-REA-02.correct": "CORRECT & RE-SUBMIT",
    "PE-REA-05.title": "Filter Reassignment Records",
    "PE-REA-05.lead": "Please provide one or more of the following options to filter the enrollments. Selecting the "
    "reset button will clear the options selected and load the full list of enrollments.",
    "PE-REA-05.reassignment": "Reassignment Status",
    "PE-REA-05.every.reassignment": "All Statuses",
    "PE-REA-05.enrollment": "Enrollment Status",
    "PE-REA-05.every.enrollment": "All Statuses",
    "PE-REA-05.relationship": "Relationship Status",
    "PE-REA-05.every.relationship": "All Relationships",
    "PE-REA-05.filter": "FILTER",
    "PE-REA-05.reset": "RESET",
    "PE-REA-06.title": "Reassignments Report",
    "PE-REA-06.note": "The table below displays Reassignment Information for Approved, Deactivated, Revoked, and "
    "Rejected enrollment records. Any changes that you submit will display here only after the Medicare "
    "Administrative Contractor has processed the submitted enrollment.",
    "PE-REA-07.relationship": "Relationship",
    "PE-REA-07.name": "Provider Name/LBN",
    "PE-REA-07.npi": "NPI",
    "PE-REA-07.status": "Current Enrollment Status",
    "PE-REA-07.medicare_id": "Medicare ID",
    "PE-REA-07.effective": "Effective Date",
    "PE-REA-07.end": "Reassignment End Date",
    "PE-REA-07.due": "Revalidation Due Date",
    "PE-REA-07.none": "N/A",
    "PE-REA-08.RECEIVING": "Receiving Benefits from",
    "PE-REA-08.REASSIGNING": "Reassigning Benefits to",
    "PE-REA-09.records": "Records {first} - {last} of {total}",
    "PE-REA-09.note": 'Note: Please select on the "Download Report" button to download this report in CSV format.',
    "PE-REA-09.print": "PRINT",
    "PE-REA-09.download": "DOWNLOAD REPORT",
    "PE-REA-09.return": "RETURN TO MY ENROLLMENTS",
    "PE-REA-09.manage": "MANAGE REASSIGNMENTS",
}
# Of the steps of registration, by key: their pages need what came before (tests/e2e/pages walks them).
STEPS = {
    "IA-USEC-01.title": "User Registration - User Security",
    "IA-USEC-01.user_id_list": "User ID Compliance:",
    "IA-USEC-01.password_list": "Password Compliance:",
    "IA-USEC-01.special": "Valid Special Characters:",
    "IA-USEC-02.title": "Please select five different security questions and enter their answers below:",
    "IA-UID-01.rule": "Must be 6-12 alphanumeric characters and unique within the Identity & Access Management System "
    "and NPPES.",
    "IA-UID-03.rule": "Must not contain more than four numeric characters, any spaces, or any special characters.",
    "IA-UID-05.rule": "Must not contain personally identifiable information such as SSN or NPI.",
    "IA-PW-01.rule": "Must be 8-12 alphanumeric characters.",
    "IA-PW-02.rule": "Must contain at least one letter.",
    "IA-PW-03.rule": "Must contain at least one number.",
    "IA-PW-04.rule": "Must contain at least one valid special character.",
    "IA-PW-05.rule": "Must not contain any invalid special characters.",
    "IA-PW-06.rule": "Must not start with numeric characters.",
    "IA-PW-07.rule": "Must not contain three repeating characters.",
    "IA-PW-08.rule": "Must not be the same as your User ID.",
    "IA-PW-09.rule": "Password must match Confirm Password.",
    "IA-UINF-01.title": "User Registration - User Information",
    "IA-UINF-01.dob_form": "(MM/DD/YYYY)",
    "IA-UINF-02.lead": "Please provide the details below. They will be used to verify your identity.",
    "IA-MFA-01.title": "User Registration - Multi-Factor Authentication (MFA) Setup",
    "IA-MFA-01.please": "Please select a Multi-Factor Authentication Method:",
    "IA-MFA-01.primary": "Select Primary Authentication Method",
    "IA-MFA-01.sms": "Phone Number Text/SMS",
    "IA-MFA-01.voice": "Phone Number Voice Call",
    "IA-MFA-02.one": "You must identify at least one method for receiving your verification code; however, you may "
    "provide up to two different methods.",
    "IA-MFA-03.text": "International phone numbers are not supported.",
    "IA-MFA-04.title": "Please note the following Text/SMS and Voice Call Details:",
    "IA-MFA-04.charges": "Standard message and data charges may be applied by your carrier.",
    "IA-MFA-04.holder": "By entering a Mobile Phone Number, you are certifying that you are the account holder or have "
    "the holder's permission to use the phone number to receive a Text/SMS message.",
    "IA-MFA-05.text": "We need a way to deliver a temporary code to you to verify your identity. We can do this via a "
    "phone number (either by voice or Text/SMS) or you can choose to have it sent to you in an e-mail. You must enter "
    "this code on the next page.",
    "IA-NAV-01.back": "Back to Previous Page",
    "IA-NAV-01.staff": "My Staff",
    "IA-DONE-01.title": "User Registration - Registration Complete",
    "IA-DONE-01.congratulations": "Congratulations, your account has been successfully created.",
    "IA-DONE-01.provider": "If you are an Individual Provider, you will be able to see all associations with your NPI.",
    "IA-DONE-01.official": "If you are an Authorized Official or Access Manager, you will need to add your employer(s) "
    "to manage staff and connections associated with your employer(s).",
    "IA-DONE-01.staff": "If you are a Staff End User, you may add your employer and ask an Authorized Official or "
    "Access Manager associated with your employer to grant you access; or you can ask an Authorized Official or Access "
    "Manager associated with your employer to invite you to work on the behalf of the employer.",
    "IA-DONE-01.home": "Continue To Home Page",
    "IA-PROF-06.APPROVED": "Approved",
    "IA-PROF-06.PENDING": "Pending Approval",
    "IA-PROF-06.CANCELLED": "Cancelled",
    "IA-PROF-06.DISASSOCIATED": "Disassociated",
    "IA-PROF-06.REJECTED": "Rejected",
    "IA-PROF-07.tracking": "Tracking Id",
    "IA-EMP-01.title": "Add Employer Search",
    "IA-EMP-01.lead": "Search for Organizations or Individual Providers that you wish to be associated with as your "
    "employer. You can search by entering one or more of the following: Organization Name, Individual Provider's Last "
    "Name, City, State, ZIP or NPI.",
    "IA-EMP-03.surrogate": "If you are searching for a Provider to work on their behalf, please use {page}.",
    "IA-EMP-04.title": "Search Results",
    "IA-EMP-04.dba": "Doing Business As",
    "IA-EMP-04.view_npis": "View NPI(s)",
    "IA-EMP-04.view_names": "View Other Name(s)",
    "IA-EMP-04.not_listed": 'If your employer information does not exist, please select "Add Employer Not in List".',
    "IA-EMP-04.add_new": "Add Employer Not in List",
    "IA-EMP-07.please": "Please select the role you are requesting for this employer:",
    "IA-EMP-07.AUTHORIZED_OFFICIAL": "(signatory for your organization authorized to legally bind the organization in "
    "agreements)",
    "IA-EMP-07.ACCESS_MANAGER": "(managing users, updating account information for your provider/organization)",
    "IA-EMP-07.STAFF_END_USER": "(working in approved CMS applications for your provider/organization)",
    "IA-EMP-08.text": "I attest that I am an Authorized Official for the employer listed in this registration. My "
    "signature legally and financially binds this employer to the laws, regulations, and program instructions as "
    "established by the Centers for Medicare and Medicaid Services (CMS). By selecting the box below, I certify that "
    "the information contained herein is true, correct, and I authorize CMS to verify this information. If I become "
    "aware that any information in this application is not true, correct, or complete, I agree to notify CMS of this "
    "fact in accordance with the time frames established in <42 CFR § 424.520(b)>.",
    "IA-EMP-08.agree": "I have read, understood, and agree with the above statements.",
    "IA-EMP-10.text": "Once approved, Authorized Officials and Access Managers will automatically have access to all "
    "Business Functions for their employer and any provider they have been granted access to. Staff End Users must be "
    "granted access to Business Functions by an Authorized Official or Access Manager of the employer.",
    "IA-CONF-01.title": "Confirmation and Review",
    "IA-CONF-01.own": "You are requesting to be a(n) {role}:",
    "IA-CONF-01.print": "Print this page",
    "IA-CONF-01.employer": "The employer you have registered for is:",
    "IA-CONF-01.lbn": "Legal Business Name",
    "IA-CONF-01.mailing": "Mailing Address",
    "IA-CONF-01.tracking": "Request Tracking ID",
    "IA-CONF-01.npis": "NPI(s) associated with your employer are:",
    "IA-CONF-01.done": "Done",
    "IA-CONF-02.must": "You MUST complete Option A or Option B below before your registration to act on behalf of the "
    "Organization below will take effect in CMS applications.",
    "IA-CONF-02.a": "OPTION A:",
    "IA-CONF-02.a_text": "Print, Sign and Submit to CMS the Access Manager Certification for this request, along with "
    "the CP 575 {alternate} issued by the IRS for the Organization for which you are requesting to be an Access "
    "Manager.",
    "IA-CONF-02.alternate": "[or approved alternate]",
    "IA-CONF-02.b": "OPTION B:",
    "IA-CONF-02.b_text": "Please have an existing Authorized Official for this Organization approve your request by "
    "logging in to this system.",
    "IA-STAFF-01.title": "My Staff - {list}",
    "IA-STAFF-01.active": "Active Staff",
    "IA-STAFF-01.requests": "Role Requests",
    "IA-STAFF-01.inactive": "Inactive Staff",
    "IA-STAFF-01.last": "Employee Last Name",
    "IA-STAFF-01.first": "Employee First Name",
    "IA-STAFF-01.employer": "Employer Name",
    "IA-STAFF-03.modify": "Modify",
    "IA-HOME-04.add_staff": "Add Staff",
    "IA-ADDS-01.enter": "Enter the name and e-mail address of the new staff user you wish to add. Note that the "
    "specified e-mail address will be assigned to all the selected employers.",
    "IA-ADDS-01.first_name": "First Name",
    "IA-ADDS-01.middle_name": "Middle Name",
    "IA-ADDS-01.last_name": "Last Name",
    "IA-ADDS-01.email": "E-mail Address",
    "IA-ADDS-01.confirm": "Confirm E-mail Address",
    "IA-ADDS-03.choose": "Then, select the Employer(s) the staff user is to be granted access to and the select Role "
    "the staff user should have for that employer.",
    "IA-ADDS-03.select": "-- Select One --",
    "IA-ADDS-05.expires": "Please be aware the PIN generated for this invitation will expire in 72 hours.",
    "IA-PIN-01.title": "Enter PIN",
    "IA-PIN-01.email": "E-mail Address",
    "IA-PIN-01.pin": "PIN",
    "IA-RREQ-01.list": "Pending Role Requests",
    "IA-RREQ-01.current": "Current Role",
    "IA-RREQ-01.request": "Request Role",
    "IA-RREQ-01.approve": "Approve",
    "IA-RREQ-01.reject": "Reject",
    "IA-MOD-03.save": "Save",
    "IA-APPR-01.select_all": "Select All",
    "IA-APPR-01.approve": "Approve All Selected",
    "IA-APPR-01.reject": "Reject All Selected",
    "IA-APPR-03.providers": "These are Individual Providers or Healthcare Organizations who have requested you (or "
    "your organization) to work on their behalf. Approving these requests will allow you and your staff to work on "
    "their behalf.",
    "IA-APPR-03.surrogates": "Below are Individuals or Organizations who are asking you to authorize them as a "
    "Surrogate for you (or your organization). Approving these requests will allow them to access and update your "
    "information in the CMS systems you specify.",
    "IA-APPR-04.pending": "Pending Requests",
    "IA-CONN-01.lead": "Connections will allow you to create surrogate relationships between Providers and "
    "individuals or organizations that work on the Providers' behalf.",
    "IA-CONN-01.select": "Select the name of a Connection to update or view more information about that connection.",
    "IA-CONN-02.providers": "{employer} is a surrogate for the following providers:",
    "IA-CONN-02.surrogates": "{employer} has authorized the following surrogates:",
    "IA-CONN-02.find_provider": "Find Provider",
    "IA-CONN-02.add_surrogate": "Add Surrogate",
    "IA-CONN-02.text.providers": "{employer} has been authorized to work on behalf of the Individual Provider(s) or "
    "Healthcare Organization(s) listed below. Use the Find Provider button below to initiate a request to work on "
    "behalf of a Provider or Organization not listed here.",
    "IA-CONN-02.text.surrogates": "The following Individual(s) or Organization(s) have been authorized to work on "
    "behalf of {employer}. Use the Add Surrogate button to initiate the process of authorizing an Individual or "
    "Organization to work on behalf of {employer}.",
    "IA-CONN-03.function": "Business Function",
    "IA-CONN-03.status": "Access Status",
    "IA-CONN-05.lead.providers": "Search for an Organization or an Individual Provider that you wish to be associated "
    "with as a surrogate to work on their behalf. You can search by entering one or more of the following: "
    "Organization Name, Individual Provider's Last Name, City, State, ZIP or NPI.",
    "IA-CONN-05.lead.surrogates": "Search for an Organization or an Individual Provider that you wish to work on your "
    "behalf. You can search by entering one or more of the following: Organization Name, Individual Provider's Last "
    "Name, City, State, ZIP or NPI.",
    "IA-CONN-05.functions.providers": "Select the business function(s) you would like to access on behalf of the "
    "provider:",
    "IA-CONN-07.npis": "NPI(s) Associated with this Provider:",
    "IA-CONN-07.functions": "Business Function(s) Selected:",
    "IA-CONN-07.mailing": "Business Mailing Address",
    "IA-CONN-10.provider": "Your Provider Information",
    "IA-CONN-10.surrogate": "Surrogate Information",
    "IA-CONN-10.dba": "Doing Business As (DBA)",
    "IA-CONN-13.multiple": "Multiple Connections",
    "IA-CONF-03.title": "Document Management:",
    "IA-CONF-03.lead": (
        "You can upload, view, and delete documents. You can also view, add, and delete comments related to the "
        "uploaded documents"
    ),
    "IA-CONF-03.comments": "Comments",
    "IA-CONF-03.name": "File Name",
    "IA-CONF-03.type": "Document Type",
    "IA-CONF-03.added": "Date Added",
    "IA-CONF-03.actions": "Actions",
    "IA-CONF-03.add": "Add a Document",
    "IA-CONF-04.count": "{n} of the total required {m} documents for completion have been uploaded.",
    "IA-PROF-05.role": "My Role with this Employer",
    "IA-PROF-05.status": "My Status with this Employer",
}


def test_both_languages_have_the_same_keys_and_values() -> None:
    assert set(EN.sentences) == set(ES.sentences)
    for key, sentence in EN.sentences.items():
        assert sorted(re.findall(r"{\w+}", sentence)) == sorted(re.findall(r"{\w+}", ES.sentences[key])), key
        assert ES.sentences[key].strip(), key


def test_no_sentence_was_left_in_english() -> None:
    alike = {key for key, sentence in EN.sentences.items() if sentence == ES.sentences[key] and " " in sentence}
    assert alike == set()


def used(path: Path) -> set[str]:
    return set(re.findall(r'"([\w-]+(?:\.\w+)+)"', path.read_text("utf-8"))) - {"shell.html"}


def test_every_key_that_is_used_is_known() -> None:
    known = {key[: dot.start()] for key in EN.sentences for dot in re.finditer(r"\.", key)} | set(EN.sentences)
    tables = {key.partition(".")[0] for key in known}
    for path in SOURCES:
        unknown = {key for key in used(path) if key.partition(".")[0] in tables and key not in known}
        assert unknown == set(), path


def test_every_key_that_is_known_is_used() -> None:
    found = set().union(*(used(path) for path in SOURCES))
    unused = {key for key in EN.sentences if key not in found and not re.fullmatch("|".join(MADE_UP), key)}
    assert unused == set()


def test_every_icon_is_in_the_sprite() -> None:
    sprite = templating.STATIC / "vendor" / "uswds" / "img" / "sprite.svg"
    if not sprite.exists():
        pytest.skip("make setup has not copied the front-end files")
    known = set(re.findall(r'id="(\w+)"', sprite.read_text("utf-8")))
    asked = set().union(*(re.findall(r'icon\("(\w+)"', path.read_text("utf-8")) for path in WEB.rglob("*.html")))
    assert asked - known == set()


@pytest.mark.parametrize("path", list(DECK))
def test_the_screens_say_the_deck_s_words(signed_in: httpx.Client, path: str) -> None:
    """IA-SIGN-01 to -07, IA-REG-01, IA-ROLE-01 to -05, IA-HELP-01, IA-CONF-05, IA-HOME-01 to -04, IA-PROF-01 to -03."""
    if path in {"/signin", "/register"}:
        signed_in.cookies.clear()
    page = text(signed_in.get(path).text).replace(" .", ".")
    assert [sentence for sentence in DECK[path] if sentence not in page] == []


def test_the_steps_say_the_deck_s_words() -> None:
    """IA-USEC, IA-UID, IA-PW, IA-UINF, IA-MFA, IA-DONE, IA-PROF, IA-EMP, IA-CONF, IA-STAFF, IA-RREQ, IA-CONN."""
    assert {key: EN(key).unescape() for key in STEPS} == STEPS


def test_the_pages_of_pecos_say_the_deck_s_words() -> None:
    """PE-ENR-01, PE-ENR-03, PE-ENR-04, PE-REA-01 to PE-REA-09."""
    assert {key: EN(key).unescape() for key in PECOS} == PECOS


@pytest.mark.parametrize("path", ["", "/faq", "/roles", *(f"/{path}" for path in GUIDES)])
@pytest.mark.parametrize("language", ["en", "es"])
def test_help_is_there_in_both_languages(signed_in: httpx.Client, path: str, language: str) -> None:
    answer = signed_in.get(f"/help{path}?lang={language}")
    assert answer.status_code == 200
    assert answer.headers["content-language"] == language
    assert f'<html lang="{language}">' in answer.text


def test_values_are_escaped() -> None:
    assert "<b>" not in EN("IA-REV-01.consequence", user_id="<b>")
