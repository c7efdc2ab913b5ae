from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select

from errata.app.case_upkeep import CaseUpkeep
from errata.base.clock import FixedClock
from errata.base.errors import Forbidden, Invalid, NotFound
from errata.base.facts import Actor, ActorKind
from errata.base.ids import CaseId, CaseTypeId, CustomAttributeId, random_id
from errata.cases import store, type_store
from errata.cases.commands import CaseCommands
from errata.cases.decide_types import (
    MAX_ATTRIBUTES,
    MAX_TYPES,
    AttributeChange,
    NewAttribute,
    TypeTexts,
    new_type,
)
from errata.cases.model import AttributeType, Case, CaseQuery, CustomAttribute, GivenValue, NewCase
from errata.cases.project_reads import ProjectReads
from errata.cases.reads import CaseReads
from errata.cases.removal import REWRITTEN_AT_A_TIME, VALUES_KEPT, forget_values, hide_values
from errata.cases.search import CaseSearch
from errata.cases.tables import case_contents, case_custom_attributes, case_values
from errata.cases.type_commands import TypeCommands
from errata.cases.type_reads import TypeReads
from errata.cases.types import BUILTIN_TYPES, SECURITY, STANDARD
from errata.storage import outbox
from errata.storage.sql import Database

MIRA = Actor(ActorKind.USER, UUID(int=77))
SMALL = GivenValue("TEXT", is_multi=False, value="small")


@pytest.fixture
def types(state: Database, clock: FixedClock) -> TypeCommands:
    return TypeCommands(state, clock, random_id)


@pytest.fixture
def type_reads(state: Database) -> TypeReads:
    return TypeReads(state)


@pytest.fixture
def case_commands(state: Database, clock: FixedClock) -> CaseCommands:
    return CaseCommands(state, clock, random_id)


def size(types: TypeCommands, type_id: CaseTypeId = STANDARD.id, **given: object) -> CustomAttribute:
    wanted = {"key": "size", "display_name": "Size", "type": AttributeType.TEXT, "is_multi": False} | given
    return types.create_attribute(MIRA, type_id, NewAttribute(**wanted))


def a_case(state: Database, case_commands: CaseCommands, **custom: GivenValue) -> Case:
    [project] = ProjectReads(state).projects()
    new = NewCase(project_id=project.id, title="Checkout slow", type_id=STANDARD.id, custom_attributes=custom)
    return case_commands.create(new, MIRA)


def found(state: Database, query: str) -> list[str]:
    return [case.key for case in CaseSearch(state).search(CaseQuery(query, ascending=True, page_size=100)).cases]


def facts(state: Database) -> list[tuple[str, dict]]:
    with state.read() as tx:
        return [(one.fact.name, one.fact.data) for one in outbox.read(tx, 0, 1_000)]


def stored_values(state: Database, definition: CustomAttribute) -> int:
    """How many values of a definition lie in the table that searches read."""
    mine = case_values.c.field == f"custom:{definition.id.hex}"
    with state.read() as tx:
        return tx.execute(select(func.count()).select_from(case_values).where(mine)).scalar_one()


def repeat(state: Database, template: Case, times: int) -> None:
    """Write the same case again under other numbers; the commands would take long for many."""
    with state.write() as tx:
        for _ in range(times):
            number, public_id = store.next_number(tx, "GEN"), store.next_number(tx, "*")
            case = replace(template, id=CaseId(uuid4()), public_id=public_id, key=f"GEN-{number}", key_number=number)
            store.add(tx, case)


def test_type_is_kept_changed_and_taken_out_of_use(
    types: TypeCommands, type_reads: TypeReads, state: Database, clock: FixedClock
) -> None:
    made = types.create(MIRA, TypeTexts(name="Fault", description="Reported", emoji="🐞"))
    assert type_reads.type(made.id) == made
    assert type_reads.types() == [*BUILTIN_TYPES.values(), made]

    clock.advance(timedelta(hours=1))
    changed = types.update(MIRA, made.id, TypeTexts(name="Customer fault"))
    assert types.update(MIRA, made.id, TypeTexts(name="Customer fault")) == changed
    types.delete(MIRA, made.id)
    clock.advance(timedelta(hours=1))
    types.delete(MIRA, made.id)

    [kept] = type_reads.types()[len(BUILTIN_TYPES) :]
    assert (kept.name, kept.emoji) == ("Customer fault", "🐞")
    assert kept.deleted_at == kept.modified_at == clock.now() - timedelta(hours=1)
    assert [name for name, _ in facts(state)] == ["case_type.created", "case_type.updated", "case_type.deleted"]


def test_built_in_and_unknown_types(types: TypeCommands, type_reads: TypeReads, state: Database) -> None:
    unknown = CaseTypeId(uuid4())

    with pytest.raises(Forbidden):
        types.delete(MIRA, SECURITY.id)
    with pytest.raises(NotFound, match=r"^case_type not found$"):
        types.update(MIRA, unknown, TypeTexts(name="x"))
    with pytest.raises(NotFound, match=r"^case_type not found$"):
        type_reads.custom_attributes(unknown)
    with pytest.raises(NotFound, match=r"^case_type not found$"):
        type_reads.type(unknown)
    types.delete(MIRA, unknown)

    assert type_reads.types() == list(BUILTIN_TYPES.values())
    assert facts(state) == []


def test_definition_is_kept_changed_and_deleted(
    types: TypeCommands, type_reads: TypeReads, state: Database, clock: FixedClock
) -> None:
    fault = types.create(MIRA, TypeTexts(name="Fault")).id
    made = size(types, fault, type=AttributeType.SELECT, options=("s", "l"), is_multi=True, description="How large")
    other = size(types)
    assert type_reads.custom_attributes() == [made, other] or type_reads.custom_attributes() == [other, made]
    assert type_reads.custom_attributes(fault) == [made]

    clock.advance(timedelta(hours=1))
    change = AttributeChange(type=AttributeType.TEXT, map_from="jira.size")
    changed = types.update_attribute(MIRA, fault, made.id, change)
    assert type_reads.custom_attributes(fault) == [changed]
    assert (changed.options, changed.map_from, changed.modified_at) == ((), "jira.size", clock.now())

    types.delete_attribute(MIRA, STANDARD.id, made.id)
    assert type_reads.custom_attributes(fault) == [changed]
    types.delete_attribute(MIRA, fault, made.id)
    types.delete_attribute(MIRA, fault, made.id)
    types.delete_attribute(MIRA, fault, CustomAttributeId(uuid4()))

    assert type_reads.custom_attributes(fault) == []
    with pytest.raises(NotFound, match="custom attribute configuration not found"):
        types.update_attribute(MIRA, fault, made.id, change)
    names = [name for name, data in facts(state) if data.get("case_type_id") == str(fault)]
    assert names == ["case_attribute.created", "case_attribute.updated", "case_attribute.deleted"]


def test_type_is_free_to_change_until_a_case_has_a_value(
    types: TypeCommands, case_commands: CaseCommands, state: Database
) -> None:
    made, other = size(types), size(types, key="colour")
    to_number, to_text = AttributeChange(type=AttributeType.NUMBER), AttributeChange(type=AttributeType.TEXT)
    case = a_case(state, case_commands, colour=SMALL)

    assert types.update_attribute(MIRA, STANDARD.id, made.id, to_number).type is AttributeType.NUMBER
    with pytest.raises(Invalid, match="TEXT can become SELECT, URL only"):
        types.update_attribute(MIRA, STANDARD.id, other.id, to_number)

    assert types.update_attribute(MIRA, STANDARD.id, made.id, to_text).type is AttributeType.TEXT
    case_commands.remove_custom_attribute(case.key, "colour", MIRA)
    assert types.update_attribute(MIRA, STANDARD.id, other.id, to_number).type is AttributeType.NUMBER


def test_key_is_free_again_after_deletion_and_taken_until_then(types: TypeCommands) -> None:
    first = size(types)

    with pytest.raises(Invalid, match='"SIZE" already'):
        size(types, key="SIZE")
    types.delete_attribute(MIRA, STANDARD.id, first.id)

    assert size(types).id != first.id


def test_key_is_given_once_to_many_who_ask_at_once(types: TypeCommands, type_reads: TypeReads) -> None:
    refused: list[Invalid] = []

    def ask() -> None:
        try:
            size(types)
        except Invalid as error:
            refused.append(error)

    asking = [threading.Thread(target=ask) for _ in range(8)]
    for one in asking:
        one.start()
    for one in asking:
        one.join()

    assert len(refused) == 7
    assert len(type_reads.custom_attributes(STANDARD.id)) == 1


def test_type_has_a_bounded_number_of_definitions(types: TypeCommands, clock: FixedClock, state: Database) -> None:
    with state.write() as tx:
        for i in range(MAX_ATTRIBUTES):
            definition = CustomAttribute(
                id=CustomAttributeId(uuid4()),
                case_type_id=STANDARD.id,
                key=f"k{i}",
                display_name="k",
                type=AttributeType.TEXT,
                is_multi=False,
                created_at=clock.now(),
                modified_at=clock.now(),
            )
            type_store.add_attribute(tx, definition)

    with pytest.raises(Invalid, match="at most 100 custom attributes"):
        size(types)

    assert size(types, SECURITY.id).key == "size"


def test_deleted_definition_hides_its_values_from_cases_and_searches(
    types: TypeCommands, case_commands: CaseCommands, state: Database
) -> None:
    definition = size(types)
    a_case(state, case_commands, size=SMALL)
    assert found(state, "size:small") == found(state, "*:small") == ["GEN-1"]

    types.delete_attribute(MIRA, STANDARD.id, definition.id)

    assert CaseReads(state).definitions_of([STANDARD.id]) == {}
    assert found(state, "size:small") == found(state, "*:small") == []
    assert stored_values(state, definition) == 0
    case_commands.set_title("GEN-1", "Checkout slow again", MIRA)
    assert stored_values(state, definition) == 0
    size(types)
    assert found(state, "size:small") == []


def test_values_of_a_deleted_definition_are_forgotten_after_thirty_days(
    types: TypeCommands, case_commands: CaseCommands, state: Database, clock: FixedClock
) -> None:
    gone, stays = size(types), size(types, key="colour")
    a_case(state, case_commands, size=SMALL, colour=SMALL)
    a_case(state, case_commands)
    before = CaseReads(state).case("GEN-1")
    types.delete_attribute(MIRA, STANDARD.id, gone.id)
    upkeep = CaseUpkeep(state, clock)

    clock.advance(timedelta(days=29, hours=23))
    assert upkeep.turn() is False
    assert set(CaseReads(state).case("GEN-1").custom_attributes) == {gone.id, stays.id}

    clock.advance(timedelta(days=1, hours=2))
    assert upkeep.turn() is True

    after = CaseReads(state).case("GEN-1")
    assert set(after.custom_attributes) == {stays.id}
    assert (after.modified_at, after.title) == (before.modified_at, before.title)
    assert found(state, "colour:small") == ["GEN-1"]
    with state.read() as tx:
        kept = tx.execute(select(case_custom_attributes.c.id)).scalars()
        assert list(kept) == [stays.id]
    assert upkeep.turn() is False


def test_hiding_that_stopped_midway_is_finished_by_upkeep(
    types: TypeCommands, case_commands: CaseCommands, state: Database, clock: FixedClock
) -> None:
    definition = size(types)
    template = a_case(state, case_commands, size=SMALL)
    repeat(state, template, REWRITTEN_AT_A_TIME + 10)
    with state.write() as tx:
        type_store.save_attribute(tx, replace(definition, deleted_at=clock.now()))
    clock.advance(timedelta(seconds=1))
    assert stored_values(state, definition) == REWRITTEN_AT_A_TIME + 11

    assert hide_values(state, definition.id, turns=1) is False
    assert stored_values(state, definition) == 11
    upkeep = CaseUpkeep(state, clock)

    assert upkeep.turn() is True
    assert stored_values(state, definition) == 0
    assert upkeep.turn() is False
    assert len(CaseReads(state).case("GEN-1").custom_attributes) == 1


def test_forgetting_the_values_of_many_cases_goes_on_where_it_stopped(
    types: TypeCommands, case_commands: CaseCommands, state: Database, clock: FixedClock
) -> None:
    gone = size(types)
    size(types, key="colour")
    names_it = GivenValue("TEXT", False, f'{{"{gone.id}": "small"}}')
    other = a_case(state, case_commands, colour=names_it)
    repeat(state, a_case(state, case_commands, size=SMALL, colour=SMALL), REWRITTEN_AT_A_TIME)
    types.delete_attribute(MIRA, STANDARD.id, gone.id)
    clock.advance(VALUES_KEPT + timedelta(hours=1))

    def holding() -> int:
        with state.read() as tx:
            return sum(str(gone.id) in values for values in tx.scalars(select(case_contents.c.custom_attributes)))

    assert forget_values(state, clock.now(), turns=1) is True
    assert holding() == 1
    assert forget_values(state, clock.now()) is True
    assert holding() == 0
    assert forget_values(state, clock.now()) is False
    assert CaseReads(state).case(other.key) == other
    assert CaseSearch(state).search(CaseQuery("colour:small")).total == REWRITTEN_AT_A_TIME + 1


def test_there_is_a_bound_on_custom_types(types: TypeCommands, state: Database, clock: FixedClock) -> None:
    with state.write() as tx:
        for i in range(MAX_TYPES - 1):
            made = new_type(CaseTypeId(uuid4()), TypeTexts(name=f"Fault {i}"), clock.now())
            type_store.add_type(tx, replace(made, deleted_at=clock.now()))
    types.create(MIRA, TypeTexts(name="Last"))

    with pytest.raises(Invalid, match="there are 1000 custom case types already"):
        types.create(MIRA, TypeTexts(name="More"))
