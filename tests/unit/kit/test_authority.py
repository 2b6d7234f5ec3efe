"""The right to act (4.5, X-20, D-40): one rule, tried against a model written another way."""

from __future__ import annotations

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st
from mandate_kit.authority import Account, Association, AuthorityIndex, Connection

PEOPLE = [UUID(int=n) for n in range(1, 4)]
PARTIES = [UUID(int=n) for n in range(11, 15)]
FUNCTIONS = ["PECOS", "NPPES", "EHR"]
ME, CLINIC, DOCTOR = PEOPLE[0], PARTIES[0], PARTIES[1]

accounts = st.builds(
    Account, st.sampled_from(PEOPLE), st.booleans(), st.frozensets(st.sampled_from(PARTIES), max_size=1)
)
associations = st.builds(
    Association,
    st.just(UUID(int=99)),
    st.sampled_from(PEOPLE),
    st.sampled_from(PARTIES),
    st.sampled_from(["AUTHORIZED_OFFICIAL", "ACCESS_MANAGER", "STAFF_END_USER"]),
    st.sampled_from(["PENDING", "APPROVED", "DISASSOCIATED"]),
    st.frozensets(st.sampled_from(FUNCTIONS)),
    st.frozensets(st.sampled_from(PARTIES), max_size=2),
)
connections = st.builds(
    Connection,
    st.just(UUID(int=98)),
    st.sampled_from(PARTIES),
    st.sampled_from(PARTIES),
    st.sampled_from(FUNCTIONS),
    st.sampled_from(["PENDING", "APPROVED", "DISCONNECTED"]),
)


def index(*states: Account | Association | Connection) -> AuthorityIndex:
    made = AuthorityIndex()
    for state in states:
        match state:
            case Account():
                made.put_account(state)
            case Association():
                made.put_association(state)
            case Connection():
                made.put_connection(state)
    return made


def model(states: list[Account | Association | Connection], who: UUID, provider: UUID, function: str) -> bool:
    """The sentence of 4.5 over the last state of each key, without an index."""
    if function == "EHR":  # IA-EHR-04
        return False
    last = {_key(state): state for state in states}
    mine = [one for one in last.values() if isinstance(one, Account) and one.account_id == who and one.active]
    if not mine:
        return False
    if provider in mine[0].provider_ids:
        return True
    for one in last.values():
        if not isinstance(one, Association) or one.account_id != who or one.status != "APPROVED":
            continue
        manages = one.role != "STAFF_END_USER"
        if not manages and function not in one.functions:
            continue
        if one.employer_id == provider:
            return True
        connected = last.get(("connection", provider, one.employer_id, function))
        if not isinstance(connected, Connection) or connected.status != "APPROVED":
            continue
        if manages or provider not in one.withheld_provider_ids:
            return True
    return False


def _key(state: Account | Association | Connection) -> tuple[object, ...]:
    match state:
        case Account():
            return "account", state.account_id
        case Association():
            return "association", state.account_id, state.employer_id
        case Connection():
            return "connection", state.provider_id, state.surrogate_id, state.function


@given(st.lists(st.one_of(accounts, associations, connections), max_size=25))
def test_the_index_says_what_the_rule_says(states: list[Account | Association | Connection]) -> None:
    made = index(*states)
    for who in PEOPLE:
        for function in FUNCTIONS:
            allowed = {one for one in PARTIES if made.can_act(who, one, function)}
            assert allowed == {one for one in PARTIES if model(states, who, one, function)}
            assert allowed == set(made.providers_for(who, function))
            for provider in PARTIES:
                answer = made.explain(who, provider, function)
                assert answer.allowed == (provider in allowed)
                assert bool(answer.missing) != answer.allowed


@given(st.lists(st.one_of(accounts, associations, connections), max_size=25))
def test_a_no_tells_nothing_of_whom_an_employer_acts_for_to_who_has_no_approved_role_there(
    states: list[Account | Association | Connection],
) -> None:
    """A-10, D-50: with the connections of such employers or without them, the answer is the same."""
    last = {_key(state): state for state in states}
    for who in PEOPLE:
        held = [one for one in last.values() if isinstance(one, Association) and one.account_id == who]
        mine = {one.employer_id for one in held if one.status == "APPROVED"}
        known = [one for one in states if not isinstance(one, Connection) or one.surrogate_id in mine]
        for provider in PARTIES:
            assert index(*states).explain(who, provider, "PECOS") == index(*known).explain(who, provider, "PECOS")


STAFF = Association(UUID(int=1), ME, CLINIC, "STAFF_END_USER", "APPROVED", frozenset({"PECOS"}))
CONNECTED = Connection(UUID(int=2), DOCTOR, CLINIC, "PECOS", "APPROVED", "C7")
ACTIVE = Account(ME, active=True)


def test_a_yes_shows_its_chain() -> None:
    answer = index(ACTIVE, STAFF, CONNECTED).explain(ME, DOCTOR, "PECOS")
    assert (answer.allowed, answer.association, answer.connection) == (True, STAFF, CONNECTED)


def test_a_no_says_what_is_missing_and_who_can_supply_it() -> None:
    answer = index(ACTIVE, STAFF, CONNECTED).explain(ME, DOCTOR, "NPPES")
    assert [(one.what, one.supplied_by) for one in answer.missing] == [
        ("FUNCTION", "EMPLOYER_OFFICIAL"),
        ("CONNECTION", "PROVIDER"),
    ]


def test_an_ended_connection_says_so() -> None:
    ended = Connection(UUID(int=2), DOCTOR, CLINIC, "PECOS", "DISCONNECTED", "C7")
    answer = index(ACTIVE, STAFF, ended).explain(ME, DOCTOR, "PECOS")
    assert [(one.what, one.status) for one in answer.missing] == [("CONNECTION", "DISCONNECTED")]


def test_ones_own_record_needs_nothing_more() -> None:
    """IA-ROLE-01, IA-PROF-09."""
    mine = Account(ME, active=True, provider_ids=frozenset({DOCTOR}))
    assert index(mine).explain(ME, DOCTOR, "NPPES").own_record


@given(st.lists(st.one_of(accounts, associations, connections), max_size=25))
def test_who_may_act_is_everybody_of_whom_the_rule_says_so(states: list[Account | Association | Connection]) -> None:
    made = index(*states)
    for provider in PARTIES:
        for function in FUNCTIONS:
            expected = [one for one in PEOPLE if model(states, one, provider, function)]
            assert list(made.people_for(provider, function)) == expected


@given(st.lists(st.one_of(accounts, associations, connections), max_size=25), st.sets(st.integers(0, 24)))
def test_what_is_dropped_was_never_fed(states: list[Account | Association | Connection], gone: set[int]) -> None:
    made = index(*states)
    last = {_key(state): state for state in states}
    dropped = {_key(state) for number, state in enumerate(states) if number in gone}
    for key in dropped:
        made.drop(last[key])
    left = [state for key, state in last.items() if key not in dropped]
    for who in PEOPLE:
        for function in FUNCTIONS:
            expected = {one for one in PARTIES if model(left, who, one, function)}
            assert {one for one in PARTIES if made.can_act(who, one, function)} == expected
            assert {one for one in PARTIES if made.explain(who, one, function).allowed} == expected


def test_an_official_has_every_function_at_the_own_employer_also_one_that_nobody_has_named() -> None:
    """IA-EMP-10."""
    official = Association(UUID(int=1), ME, CLINIC, "AUTHORIZED_OFFICIAL", "APPROVED")
    made = index(ACTIVE, official)
    assert made.can_act(ME, CLINIC, "A_LATER_ONE")
    assert not made.can_act(ME, DOCTOR, "A_LATER_ONE")
    made.put_connection(Connection(UUID(int=2), DOCTOR, CLINIC, "A_LATER_ONE", "APPROVED"))
    assert made.can_act(ME, DOCTOR, "A_LATER_ONE")


def test_an_ended_connection_to_oneself_takes_nothing_from_the_own_people() -> None:
    to_itself = Connection(UUID(int=3), CLINIC, CLINIC, "PECOS", "DISCONNECTED")
    assert index(ACTIVE, STAFF, to_itself).can_act(ME, CLINIC, "PECOS")
