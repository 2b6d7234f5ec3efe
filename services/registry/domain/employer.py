"""An employer that the files do not have: added by somebody who works there, by its EIN (D-37, X-16)."""

from __future__ import annotations

from uuid import UUID

from chassis.domain import Aggregate, AggregateCreated, event, id_of

INDIVIDUAL, ORGANIZATION, THIRD_PARTY = "INDIVIDUAL", "ORGANIZATION", "THIRD_PARTY"
"""Individual Provider/Supplier, Organizational Provider, 3rd Party Organization (X-16)."""

ADDED = (ORGANIZATION, THIRD_PARTY)
"""Categories of employers that can be added: an individual provider has an NPI, and is found by it (D-37)."""


class Employer(Aggregate):
    """What was said of an employer when it was added; one for each EIN, by a claim on it."""

    TOPIC = "registry.Employer"

    class Added(AggregateCreated):
        """The employer can be found and worked for from now on."""

        TOPIC = "registry.Employer.Added"
        legal_business_name: str
        ein: str
        category: str
        line_1: str
        line_2: str
        city: str
        state: str
        zip: str
        phone: str

    @event(Added)
    def __init__(
        self,
        id: UUID,
        legal_business_name: str,
        ein: str,
        category: str,
        line_1: str,
        line_2: str,
        city: str,
        state: str,
        zip: str,
        phone: str,
    ) -> None:
        self.legal_business_name = legal_business_name
        self.ein = ein
        self.category = category
        self.line_1, self.line_2 = line_1, line_2
        self.city, self.state, self.zip = city, state, zip
        self.phone = phone

    @staticmethod
    def claim_on(ein: str) -> UUID:
        """The stream of an EIN: the first employer that is added with it has it for ever."""
        return id_of("registry.Ein", ein)
