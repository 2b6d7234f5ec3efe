"""`mandate audit replay --compare`: views follow from the log alone, and what was changed by hand is named."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest

from chassis import log, nature
from chassis.cause import Cause
from chassis.log import Entry
from services.access.commands import role_requests
from tests.house import House
from tests.integration.cli.terminal import Terminal, Village
from tests.scraping import Scraped

STAFF = ("access", "staff_list_v1")
FORGED = (
    "INSERT INTO access.staff_list_v1 SELECT (jsonb_populate_record(s,"
    f" jsonb_build_object('association_id', '{UUID(int=9)}'))).* FROM access.staff_list_v1 AS s LIMIT 1"
)


def owner(house: House, statement: str, *values: object) -> None:
    with psycopg.connect(house.bus.dsn, autocommit=True) as connection:
        connection.execute(statement.encode(), values)


def everything(house: House) -> Sequence[object]:
    with psycopg.connect(house.bus.dsn) as connection:
        tables = connection.execute(
            "SELECT schemaname, tablename FROM pg_tables WHERE schemaname !~ '^pg_' ORDER BY 1, 2"
        )
        return tables.fetchall()


def test_every_view_of_every_service_is_what_the_log_makes_of_it(mandate: Terminal, village: Village) -> None:
    before = everything(village.house)
    found = mandate.finds("audit", "replay", "--compare")
    rooms = village.house.rooms.values()
    assert {(one["service"], one["view"]) for one in found} == {
        (room.app.name, view.name) for room in rooms for view in (*room.app.policy_views, *room.app.views)
    }
    assert {one["outcome"] for one in found} == {"identical"}
    assert {one["view"]: one["rows"] for one in found}["staff_list_v1"] == 3
    assert everything(village.house) == before
    assert "identical" in mandate.says("audit", "replay", "--compare", "--service", "connections")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            "UPDATE access.staff_list_v1 SET role = 'AUTHORIZED_OFFICIAL' WHERE role = 'STAFF_END_USER'",
            "role is 'AUTHORIZED_OFFICIAL', and by the log 'STAFF_END_USER'",
        ),
        (
            "UPDATE access.staff_list_v1 SET functions = '[\"PECOS\"]' WHERE role = 'STAFF_END_USER'",
            "functions is ['PECOS']",
        ),
        ("DELETE FROM access.staff_list_v1 WHERE role = 'STAFF_END_USER'", "the row is missing"),
        (FORGED, f"association_id {UUID(int=9)}: no event has made this row"),
    ],
)
def test_a_view_that_was_changed_by_hand_is_named_with_row_and_column(
    mandate: Terminal, village: Village, change: str, said: str
) -> None:
    owner(village.house, change)
    found = mandate.finds("audit", "replay", "--compare", code=2)
    [(view, one)] = [((one["service"], one["view"]), one) for one in found if one["outcome"] != "identical"]
    assert (view, one["outcome"], one["different"]) == (STAFF, "DIFFERS", 1)
    assert "association_id " in one["detail"]
    assert said in one["detail"]
    assert "DIFFERS" in mandate.says("audit", "replay", "--compare", code=2)


def test_what_was_compared_is_left_for_prometheus(mandate: Terminal, village: Village, tmp_path: Path) -> None:
    file = tmp_path / "replay.prom"

    def rows_of(*, code: int) -> dict[str, float]:
        mandate.says("audit", "replay", "--compare", "--metrics-file", str(file), code=code)
        written = Scraped(file.read_bytes())
        assert written("mandate_replay_timestamp_seconds") == pytest.approx(nature.now().timestamp(), abs=60)
        return written.values("mandate_replay_different_rows", "view")

    views = rows_of(code=0)
    assert (views["staff_list_v1"], sum(views.values())) == (0, 0)
    owner(village.house, "DELETE FROM access.staff_list_v1 WHERE role = 'STAFF_END_USER'")
    assert rows_of(code=2)["staff_list_v1"] == 1
    nowhere = str(tmp_path / "nowhere" / "replay.prom")
    said = mandate.refuses("audit", "replay", "--compare", "--metrics-file", nowhere)
    assert said.startswith(f"{nowhere} cannot be written: ")


def test_the_first_of_several_rows_is_named(mandate: Terminal, village: Village) -> None:
    owner(village.house, "UPDATE access.staff_list_v1 SET since = since + interval '1 s'")
    with psycopg.connect(village.house.bus.dsn) as connection:
        row = connection.execute("SELECT min(association_id::text) FROM access.staff_list_v1").fetchone()
    found = mandate.finds("audit", "replay", "--compare", "--service", "access", code=2)
    [one] = [one for one in found if one["outcome"] != "identical"]
    assert row is not None
    assert (one["different"], one["detail"].partition(":")[0]) == (3, f"association_id {UUID(row[0])}")


def test_a_view_that_is_behind_is_compared_where_it_stands(mandate: Terminal, village: Village) -> None:
    """While everything runs: what is not folded yet is no difference."""
    access = village.house.access
    access.execute(
        role_requests.request_role, uuid4(), employer_id=village.group, role="STAFF_END_USER", attestation=""
    )
    found = mandate.finds("audit", "replay", "--compare")
    assert {one["outcome"] for one in found} == {"identical"}
    village.house.settle()
    with access.app.session() as session:
        log.append(session, "access", [Entry(uuid4(), 1, "access.Nothing.Known", b"{}")], Cause.of(uuid4()))
    owner(village.house, "UPDATE access.positions SET position = position + 1 WHERE follower = 'staff_list_v1'")
    found = mandate.finds("audit", "replay", "--compare", "--service", "access", code=3)
    assert {one["view"]: one["outcome"] for one in found}["staff_list_v1"] == "not compared"


def test_an_event_that_cannot_be_decoded_is_a_finding(mandate: Terminal, village: Village) -> None:
    with psycopg.connect(village.house.bus.dsn) as connection:
        connection.execute("SET session_replication_role = replica")
        first = "SELECT min(position) FROM access.log WHERE topic LIKE 'access.%'"
        connection.execute(f"UPDATE access.log SET state = '{{' WHERE position = ({first})".encode())
    found = mandate.finds("audit", "replay", "--compare", "--service", "access", code=2)
    assert "cannot be rebuilt: access.RoleRequest.Requested" in found[0]["detail"]


def test_replay_says_what_it_is_for(mandate: Terminal, village: Village) -> None:
    assert "--compare" in mandate.refuses("audit", "replay")
