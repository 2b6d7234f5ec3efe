"""The statements of a month's load: constant text, in the order in which `load_month` runs them."""

from __future__ import annotations

from typing import Final

from services.registry.domain.nppes_layout import LOCATIONS, OTHER_NAMES, PROVIDERS, SUPPLEMENT

BEGIN: Final = """
    SET LOCAL maintenance_work_mem = '128MB';
    SET LOCAL work_mem = '64MB';
    SET LOCAL max_parallel_maintenance_workers = 1; -- an index by two processes; more only crowd two cores
    SET LOCAL default_statistics_target = 30; -- of the ANALYZE at the end
    SET LOCAL enable_mergejoin = off; -- of staged rows, whose number nobody knows: it sorts them whole, twice
    SET LOCAL idle_in_transaction_session_timeout = 0;
    LOCK TABLE loads IN SHARE ROW EXCLUSIVE MODE; -- one load at a time
"""

LAST_LOAD: Final = "SELECT period_end, sha256, skipped FROM loads ORDER BY load_id DESC LIMIT 1"

LOADED: Final = """
    INSERT INTO loads (file_names, period_start, period_end, sha256, rows, skipped, finished_at)
    VALUES (%s, %s, %s, %s, %s, %s, %s)
"""

STAGING: Final[dict[str, str]] = {
    PROVIDERS.title: """
        CREATE TEMP TABLE staged_providers (
            line bigint, npi text COLLATE "C", entity_type smallint, own_id uuid,
            organization_name text, last_name text, first_name text, middle_name text, name_prefix text,
            name_suffix text, credential text,
            other_name text, other_type smallint, other_last text, other_first text, other_last_type smallint,
            mailing_line_1 text, mailing_line_2 text, mailing_city text, mailing_state text, mailing_zip text,
            mailing_country text, mailing_phone text,
            practice_line_1 text, practice_line_2 text, practice_city text, practice_state text, practice_zip text,
            practice_country text, practice_phone text,
            enumerated_on date, updated_on date, deactivated_on date, reactivated_on date, primary_taxonomy text
        ) ON COMMIT DROP
    """,
    OTHER_NAMES.title: """
        CREATE TEMP TABLE staged_other_names (
            line bigint, npi text COLLATE "C", name text, type_code smallint
        ) ON COMMIT DROP
    """,
    LOCATIONS.title: """
        CREATE TEMP TABLE staged_practice_locations (
            line bigint, npi text COLLATE "C", line_1 text, line_2 text, city text, state text, zip text, country text,
            phone text, phone_extension text, fax text
        ) ON COMMIT DROP
    """,
    SUPPLEMENT.title: """
        CREATE TEMP TABLE staged_supplement (
            line bigint, npi text COLLATE "C", ein text, ssn_hmac bytea, employer text, employer_id uuid
        ) ON COMMIT DROP
    """,
}

_COPY = " FROM STDIN WITH (FORMAT text, NULL '', ENCODING 'UTF8')"
COPY: Final[dict[str, str]] = {
    PROVIDERS.title: "COPY staged_providers" + _COPY,
    OTHER_NAMES.title: "COPY staged_other_names" + _COPY,
    LOCATIONS.title: "COPY staged_practice_locations" + _COPY,
    SUPPLEMENT.title: "COPY staged_supplement" + _COPY,
}

_REPEATED = """
    DELETE FROM {staged} m USING (
        SELECT npi, min(line) AS line FROM {staged} GROUP BY npi HAVING count(*) > 1
    ) first
    WHERE m.npi = first.npi AND m.line > first.line
    RETURNING m.line
"""
REPEATED: Final[dict[str, str]] = {
    PROVIDERS.title: _REPEATED.replace("{staged}", "staged_providers"),
    SUPPLEMENT.title: _REPEATED.replace("{staged}", "staged_supplement"),
}
"""All but the first row of an NPI that must stand once go; their lines are told."""

NAMES_IN_DATA: Final = """
    INSERT INTO staged_other_names (npi, name, type_code)
    SELECT npi, other_name, other_type FROM staged_providers WHERE other_name IS NOT NULL
    UNION ALL
    SELECT npi, concat_ws(', ', other_last, other_first), other_last_type FROM staged_providers
    WHERE other_last IS NOT NULL
"""
"""The first other name of an NPI stands in its data row, the rest in the file of other names."""

TABLES: Final[dict[str, tuple[str, ...]]] = {
    "supplement": ("npi", "ein", "ssn_hmac", "employer", "employer_id"),
    "other_names": ("npi", "name", "type_code"),
    "practice_locations": (
        *("npi", "line_1", "line_2", "city", "state", "zip", "country", "phone", "phone_extension", "fax"),
    ),
}
"""The tables that are replaced as a whole, by difference, and their columns."""

IS_EMPTY: Final = "SELECT NOT EXISTS (SELECT FROM {table})"
FIRST: Final = "INSERT INTO {table} ({columns}) SELECT {columns} FROM {staged}"
FIRST_DISTINCT: Final = "INSERT INTO {table} ({columns}) SELECT DISTINCT {columns} FROM {staged}"
GONE: Final = """
    DELETE FROM {table} t USING (
        SELECT {columns} FROM {table} EXCEPT SELECT {columns} FROM {staged}
    ) gone
    WHERE t.npi = gone.npi AND ({t_columns}) IS NOT DISTINCT FROM ({gone_columns})
"""
COME: Final = """
    INSERT INTO {table} ({columns})
    SELECT {columns} FROM {staged} EXCEPT SELECT {columns} FROM {table}
"""

INDEXES: Final = """
    SELECT format('DROP INDEX %%s', i.indexrelid::regclass), pg_get_indexdef(i.indexrelid)
    FROM pg_index i WHERE i.indrelid = %(table)s::regclass AND NOT i.indisprimary
    UNION ALL
    SELECT format('ALTER TABLE %%s DROP CONSTRAINT %%I', c.conrelid::regclass, c.conname),
        format('ALTER TABLE %%s ADD CONSTRAINT %%I %%s', c.conrelid::regclass, c.conname, pg_get_constraintdef(c.oid))
    FROM pg_constraint c WHERE c.conrelid = %(table)s::regclass AND c.contype = 'p'
"""
"""Statements that drop a table's indexes, and those that make them again."""

_TOLD = (
    *("organization_name", "last_name", "first_name", "middle_name", "name_prefix", "name_suffix", "credential"),
    *("mailing_line_1", "mailing_line_2", "mailing_city", "mailing_state", "mailing_zip", "mailing_country"),
    *("mailing_phone", "practice_line_1", "practice_line_2", "practice_city", "practice_state", "practice_zip"),
    *("practice_country", "practice_phone", "enumerated_on", "updated_on", "deactivated_on", "reactivated_on"),
    "primary_taxonomy",
)
STRAIGHT: Final[dict[str, str]] = {
    PROVIDERS.title: f"COPY providers (npi, entity_type, provider_id, {', '.join(_TOLD)}, sort_name)" + _COPY,
    SUPPLEMENT.title: f"COPY supplement ({', '.join(TABLES['supplement'])})" + _COPY,
}
"""Where rows go that need neither staging nor another row, as long as the tables are empty."""
_COMPARED = ("entity_type", "provider_id", "in_file", *_TOLD)
_MERGED = f"""
    SELECT m.npi, m.entity_type,
        coalesce(s.employer_id, m.own_id) AS provider_id,
        true AS in_file, {", ".join(_TOLD)},
        lower(coalesce(m.organization_name, concat_ws(', ', m.last_name, m.first_name))) AS sort_name
    FROM staged_providers m
    LEFT JOIN supplement s ON s.npi = m.npi AND s.employer_id IS NOT NULL AND m.entity_type = 2
"""  # noqa: S608 - constants


def _of(alias: str, columns: tuple[str, ...]) -> str:
    return ", ".join(f"{alias}.{column}" for column in columns)


_CHANGED = f"""
    UPDATE providers p SET ({", ".join(_COMPARED)}, sort_name) = ROW ({_of("m", _COMPARED)}, m.sort_name)
    FROM ({_MERGED}) m
    WHERE p.npi = m.npi AND m.entity_type IS NOT NULL
        AND ({_of("p", _COMPARED)}) IS DISTINCT FROM ({_of("m", _COMPARED)})
"""  # noqa: S608 - constants
_WITHHELD = """
    UPDATE providers p
    SET deactivated_on = m.deactivated_on, reactivated_on = m.reactivated_on, in_file = true
    FROM staged_providers m
    WHERE p.npi = m.npi AND m.entity_type IS NULL
        AND (p.deactivated_on, p.reactivated_on, p.in_file)
            IS DISTINCT FROM (m.deactivated_on, m.reactivated_on, true)
"""
"""NP-08: of a deactivated NPI the file tells only the date; what we knew of it stays."""
_ADD = f"INSERT INTO providers (npi, {', '.join(_COMPARED)}, sort_name) SELECT m.npi, {_of('m', _COMPARED)}, "
_ADDED = f"""{_ADD} m.sort_name FROM ({_MERGED}) m
    WHERE NOT EXISTS (SELECT FROM providers p WHERE p.npi = m.npi)
"""
ADDED_FIRST: Final = f"""{_ADD}
    CASE m.entity_type WHEN 2 THEN coalesce(min(lower(m.organization_name) COLLATE "C") OVER employer, '')
        ELSE m.sort_name END
    FROM ({_MERGED}) m WINDOW employer AS (PARTITION BY m.provider_id, m.entity_type)
"""
"""Where there are no organizations yet these are all: their place in lists (`_SORTED`) is known at once."""
_VANISHED = """
    UPDATE providers p SET in_file = false
    WHERE p.in_file AND NOT EXISTS (SELECT FROM staged_providers m WHERE m.npi = p.npi)
"""
_SORTED = """
    UPDATE providers p SET sort_name = g.sort_name
    FROM (
        SELECT provider_id, coalesce(min(lower(organization_name) COLLATE "C"), '') AS sort_name
        FROM providers WHERE entity_type = 2 GROUP BY provider_id
    ) g
    WHERE p.provider_id = g.provider_id AND p.entity_type = 2 AND p.sort_name <> g.sort_name
"""
"""All NPIs of an employer stand at one place of every list, so that pages neither repeat nor miss it (IA-EMP-04)."""

PROVIDERS_STEPS: Final = {
    "changed": _CHANGED,
    "withheld": _WITHHELD,
    "added": _ADDED,
    "vanished": _VANISHED,
    "sorted": _SORTED,
}
LATER_ONLY: Final = {"changed", "withheld", "vanished"}
"""Steps that have nothing to do where there are no providers yet."""
STRAIGHT_STEPS: Final = PROVIDERS_STEPS | {"added": ADDED_FIRST, "sorted": ""}
"""The same where most rows have gone straight; what is empty is done with another step."""

_SHOWN_ALONE = {
    "providers": (
        *("middle_name", "name_prefix", "name_suffix", "credential", "mailing_line_1", "mailing_line_2"),
        *("mailing_city", "mailing_state", "mailing_zip", "mailing_country", "mailing_phone"),
        *("practice_line_1", "practice_line_2", "practice_country", "practice_phone", "enumerated_on", "updated_on"),
        *("deactivated_on", "reactivated_on", "primary_taxonomy"),
    ),
    "practice_locations": TABLES["practice_locations"][1:],
}
ANALYZE: Final = "; ".join(
    (
        *(
            f"ALTER TABLE {table} " + ", ".join(f"ALTER {column} SET STATISTICS 0" for column in columns)
            for table, columns in _SHOWN_ALONE.items()
        ),
        "ANALYZE providers, other_names, practice_locations, supplement",
    )
)
"""Nobody searches for what is only shown: its statistics would be half of the price."""
