"""What `/metrics` says of a service: read from its database when somebody asks, or counted as it happens."""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Callable, Sequence
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen
from uuid import uuid4

import psycopg

from chassis import main, metrics
from chassis.management import Management, ServiceHealth
from chassis.measuring import Gauges
from chassis.migrate import open_database, sealer_of
from chassis.runtime import Background, Stop, Wakeup, Worker, wait_until
from chassis.waiting import GroupCommit
from services.access.commands.role_requests import request_role
from tests.attested import ATTESTATION
from tests.house import CATALOGUE, House, Room
from tests.integration.chassis.conftest import Clock
from tests.integration.chassis.shop import SERVICE, add, open_tab
from tests.integration.chassis.test_hearing import ONE, asked, state, take
from tests.notary import Notary
from tests.scraping import Scraped, counted

WAIT_S = 20.0


def read(room: Room) -> Scraped:
    return Scraped(metrics.exposition(Gauges(room.app, room.service.measures).read()))


def test_a_follower_is_behind_by_events_and_by_the_age_of_the_oldest(
    shop_house: House, shop: Room, notary: Notary, clock: Clock
) -> None:
    """The age of what the relay has before it is that of the outbox; the sealer's, that of the last checkpoint."""
    tab = shop.execute(open_tab, uuid4()).id
    clock.move(seconds=40)
    shop.execute(add, uuid4(), tab_id=tab, what="tea")
    clock.move(seconds=2)
    before = read(shop)
    for follower in ("shop.relay", "shop.timers", "tabs_v1", "policy.counting", "sealer"):
        assert before("mandate_follower_behind_events", follower=follower) == 2
        assert before("mandate_follower_behind_seconds", follower=follower) == 42
    shop.follower("tabs_v1").step()
    assert read(shop).values("mandate_follower_behind_seconds", "follower")["tabs_v1"] == 0
    shop_house.settle()
    notary.seal()
    behind = read(shop).values("mandate_follower_behind_seconds", "follower")
    assert set(behind.values()) == {0}
    assert set(behind) >= {"shop.relay", "shop.timers", "tabs_v1", "roles_v1", "asked_v1", "policy.counting", "sealer"}


def test_what_this_release_does_not_have_is_not_behind(shop: Room, rows: Callable[..., list[Any]]) -> None:
    rows(shop, "INSERT INTO positions VALUES ('policy.gone', 0), ('tabs_v0', 0) RETURNING 1")
    shop.execute(open_tab, uuid4())
    assert not set(read(shop).values("mandate_follower_behind_events", "follower")) & {"policy.gone", "tabs_v0"}


def test_a_clock_behind_the_writers_makes_no_negative_age(shop: Room, clock: Clock) -> None:
    shop.execute(open_tab, uuid4())
    clock.move(seconds=-30)
    assert read(shop).values("mandate_follower_behind_seconds", "follower")["shop.relay"] == 0


def test_who_was_never_heard_is_infinitely_old_and_then_as_old_as_its_progress(
    shop_house: House, shop: Room, clock: Clock
) -> None:
    assert math.isinf(read(shop)("mandate_heard_age_seconds", origin="access"))
    with shop.app.session() as session:
        session.run(
            "INSERT INTO progress (origin, edition, position, own_position, appended_at)"
            " VALUES ('access', 1, 5, 5, %s), ('stranger', 1, 5, 5, %s)",
            (clock.now, clock.now),
        )
    clock.move(seconds=12)
    assert read(shop).values("mandate_heard_age_seconds", "origin") == {"access": 12}


def test_what_is_parked_is_counted_by_service(
    shop_house: House, shop: Room, dislikes: dict[str, Exception], clock: Clock
) -> None:
    quiet = read(shop)
    assert quiet.values("mandate_parked_messages", "service") == {"shop": 0}
    assert quiet.values("mandate_parked_events", "service") == {"shop": 0}
    take(shop_house, state(ONE, 1, "A", service="identity"))  # it is access that tells this
    dislikes["tea"] = ValueError("no tea")
    tab = shop.execute(open_tab, uuid4()).id
    shop.execute(add, uuid4(), tab_id=tab, what="tea")
    shop_house.settle()
    now = read(shop)
    assert (now("mandate_parked_messages"), now("mandate_parked_events")) == (1, 1)


def test_own_events_and_messages_are_counted_as_they_happen(shop_house: House, shop: Room) -> None:
    added = counted("mandate_events_appended_total", service="shop", event="shop.Tab.Added")
    heard = counted("mandate_messages_heard_total", service="shop", topic="RoleRequested")
    tab = shop.execute(open_tab, uuid4()).id
    for what in ("tea", "tea", "cake"):
        shop.execute(add, uuid4(), tab_id=tab, what=what)
    take(shop_house, asked(ONE), asked(ONE))  # a repeat has come all the same
    assert (added(), heard()) == (2, 2)


def test_a_database_that_is_away_is_told_and_nothing_else_is(shop_house: House, shop: Room) -> None:
    assert read(shop)("mandate_database_up") == 1
    shop.database.close()
    now = read(shop)
    assert now.values("mandate_database_up", "service") == {"shop": 0}
    assert not now.values("mandate_follower_behind_events", "follower")


def test_who_only_seals_says_what_the_sealer_may_see(shop_house: House, shop: Room, clock: Clock) -> None:
    shop.execute(open_tab, uuid4())
    clock.move(seconds=7)
    database = open_database(shop_house.bus.dsn, "shop", size=1, role=sealer_of("shop"))
    try:
        app = SERVICE.application(database, CATALOGUE)
        told = Scraped(metrics.exposition(Gauges(app, only_seals=True).read()))
    finally:
        database.close()
    assert told.values("mandate_follower_behind_seconds", "follower") == {"sealer": 7}
    assert told.values("mandate_database_up", "service") == {"shop": 1}
    assert not told.values("mandate_parked_events", "service")


def get(process: main.Process, path: str) -> tuple[int, bytes]:
    try:
        with urlopen(f"http://127.0.0.1:{process.settings.management_port}{path}", timeout=5) as answer:
            return answer.status, answer.read()
    except HTTPError as refused:
        return refused.code, refused.read()


def test_every_own_event_is_counted_from_zero_on_the_management_port(process: main.Process) -> None:
    """Of a counter that appears with 1, `increase` sees nothing."""
    health = ServiceHealth(process.app, workers=[])
    management = Management(health, host="127.0.0.1", port=process.settings.management_port)
    management.start()
    try:
        status, text = get(process, "/metrics")
        scraped = Scraped(text)
        assert status == 200
        assert "shop.Note.Taken" in scraped.values("mandate_events_appended_total", "event")
        assert scraped.values("mandate_sealer_alarm", "service") == {"shop": 0}
        assert text.count(b"# TYPE mandate_follower_behind_events ") == 1
        assert get(process, "/livez") == (200, b"ok")
        assert get(process, "/readyz")[0] == 200
        management.draining = True
        assert get(process, "/readyz")[0] == 503
    finally:
        management.stop()


def test_a_verbose_probe_says_what_the_metrics_say(process: main.Process, shop: Room, clock: Clock) -> None:
    """Outbox age, how far views are, what was heard and what is parked: for whoever has no Prometheus at hand."""
    shop.execute(open_tab, uuid4())
    clock.move(seconds=42)
    health = ServiceHealth(process.app, workers=[])
    management = Management(health, host="127.0.0.1", port=process.settings.management_port)
    management.start()
    try:
        status, text = get(process, "/readyz?verbose")
        brief = json.loads(get(process, "/readyz")[1])
    finally:
        management.stop()
    said = json.loads(text)
    measures = said["measures"]
    assert (status, said["ready"], said["behind"]["tabs_v1"]) == (200, True, 1)
    assert measures["mandate_follower_behind_seconds"]["shop.relay"] == 42
    assert measures["mandate_follower_behind_events"]["tabs_v1"] == 1
    assert measures["mandate_heard_age_seconds"] == {"access": None}, "JSON has no infinity"
    assert (measures["mandate_parked_messages"], measures["mandate_appends_waiting"]) == (0, 0)
    assert brief == {"ready": True}


def test_what_is_told_and_heard_at_once_is_measured(house: House, shop_house: House, shop: Room) -> None:
    told, batches = (
        counted(f"mandate_bus_batch_messages_{what}", service="access", direction="told") for what in ("sum", "count")
    )
    heard = counted("mandate_bus_batch_messages_sum", service="shop", direction="heard")
    for _ in range(3):
        house.access.execute(
            request_role, uuid4(), employer_id=uuid4(), role="AUTHORIZED_OFFICIAL", attestation=ATTESTATION
        )
    relay = house.access.follower("access.relay")
    while relay.step():
        pass
    assert told() >= 3
    assert batches() == 1, "a page of the log is one batch, and Progress is none"
    shop_house.publisher.publish([asked(ONE), asked(ONE)])
    shop.follower("shop.ingest").step()
    assert heard() == 2


def test_commands_that_are_committed_together_are_measured_and_those_that_wait_counted() -> None:
    commit, began, go_on = GroupCommit("shop"), threading.Event(), threading.Event()
    sizes, batches = (counted(f"mandate_append_batch_commands_{what}", service="shop") for what in ("sum", "count"))

    def work(jobs: Sequence[int]) -> Sequence[int]:
        began.set()
        assert go_on.wait(WAIT_S)
        return jobs

    def call() -> None:
        commit.hand_in(1, work).result()

    callers = [Background(f"caller{number}", call) for number in range(4)]
    callers[0].start()
    assert began.wait(WAIT_S)
    for caller in callers[1:]:
        caller.start()
    assert wait_until(lambda: commit.waiting == 3, Wakeup(), timeout_s=WAIT_S)
    go_on.set()
    assert all(caller.join(WAIT_S) for caller in callers)
    assert (sizes(), batches(), commit.waiting) == (4, 2, 0)


def test_a_process_whose_sealer_is_in_alarm_stays_and_says_so(
    process: main.Process, shop: Room, shop_house: House
) -> None:
    """One that died of it at every start would seldom live when it is asked."""
    shop.execute(open_tab, uuid4())
    with psycopg.connect(shop_house.bus.dsn, options="-c search_path=shop") as owner:
        owner.execute("SET session_replication_role = replica")
        owner.execute("UPDATE log SET state = '{}'")
    bell, stop = Wakeup(), Stop()
    driven = [Worker("shop.sealer", [main.sealer(process)], bell)]
    running = Background("drive", lambda: main._drive(process, stop, "sealer", driven))
    running.start()
    try:
        assert wait_until(lambda: driven[0].error is not None, bell, timeout_s=WAIT_S)
        assert not running.join(1.0), "the process is gone"
        assert Scraped(get(process, "/metrics")[1])("mandate_sealer_alarm") == 1
        assert get(process, "/livez") == (200, b"ok")
    finally:
        stop.set()
        assert running.join(WAIT_S)
