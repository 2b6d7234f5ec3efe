"""One row for each employer that was added by hand; named as `providers`, so that one search serves both (D-47)."""

from __future__ import annotations

from chassis.views import Rows, View
from services.registry.domain.employer import Employer

COUNTRY = "US"

ADDED_EMPLOYERS = View(
    name="added_employers_v1",
    table="""
        provider_id uuid PRIMARY KEY, organization_name text NOT NULL, sort_name text NOT NULL, ein text NOT NULL,
        category text NOT NULL, practice_line_1 text NOT NULL, practice_line_2 text NOT NULL,
        practice_city text NOT NULL, practice_state text NOT NULL, practice_zip text NOT NULL,
        practice_country text NOT NULL, phone text NOT NULL
    """,
    indexes=(
        "(lower(organization_name) text_pattern_ops)",
        "(lower(practice_city) text_pattern_ops)",
        '(lower(practice_state), sort_name COLLATE "C", provider_id)',
        "(lower(practice_zip) text_pattern_ops)",
    ),
)


@ADDED_EMPLOYERS.fold
def fold(event: object, rows: Rows) -> None:
    """An employer as it was added."""
    match event:
        case Employer.Added(originator_id=id_):
            rows.put(
                id_,
                organization_name=event.legal_business_name,
                sort_name=event.legal_business_name.lower(),
                ein=event.ein,
                category=event.category,
                practice_line_1=event.line_1,
                practice_line_2=event.line_2,
                practice_city=event.city,
                practice_state=event.state,
                practice_zip=event.zip,
                practice_country=COUNTRY,
                phone=event.phone,
            )
