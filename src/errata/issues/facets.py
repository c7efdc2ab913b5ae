"""What can be searched on issues, joined to what can be searched on their events. Rule: search syntax, section 7.

Pure. A facet's values are texts, so that one set of tests serves issues and events; `values_of` says them for an issue,
`plan.py` turns a clause into a question, and `members.py` asks the state.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from errata.base.clock import to_ms
from errata.events.facets import EVENTS
from errata.events.model import Platform
from errata.issues.causes import Cause
from errata.issues.model import Issue, IssueState
from errata.query.facets import Case, Joined, Kind, Place, Text, Unit
from errata.query.nodes import Field

PREFIX = "issue."
NEW_FOR = timedelta(days=2)
"""How long after its first event an open issue is new. Rule: error tracking, section 4.3."""

STATE_NAMES: dict[str, tuple[str, ...]] = {
    IssueState.OPEN: ("OPEN", "FOR_REVIEW"),
    IssueState.ACKNOWLEDGED: ("ACKNOWLEDGED", "REVIEWED"),
    IssueState.RESOLVED: ("RESOLVED",),
    IssueState.IGNORED: ("IGNORED",),
    IssueState.EXCLUDED: ("EXCLUDED",),
}
"""What each state is called: the API's word, and the product's where it differs."""
PLATFORM_NAMES: dict[str, tuple[str, ...]] = {platform: (platform.value,) for platform in Platform}
CAUSE_NAMES: dict[str, tuple[str, ...]] = {cause: (cause.value,) for cause in Cause}


@dataclass(frozen=True, slots=True)
class IssueFacet:
    """One facet: its place for the search language, and what it is, for those who write queries.

    `names` are all values that there can be, where that is known.
    """

    place: Joined
    summary: str
    names: tuple[str, ...] = ()


def _facet(
    name: str,
    summary: str,
    *,
    kind: Kind = Kind.TEXT,
    case: Case = Case.EXACT,
    unit: Unit = Unit.NONE,
    names: Sequence[str] = (),
) -> IssueFacet:
    return IssueFacet(Joined(PREFIX + name, kind, case, unit), summary, tuple(names))


_FLAG = ("true", "false")
FACETS: dict[str, IssueFacet] = {
    facet.place.name: facet
    for facet in (
        _facet("id", "the issue's UUID", case=Case.LOWER),
        _facet(
            "state",
            "the issue's state; for_review is OPEN, reviewed is ACKNOWLEDGED",
            case=Case.UPPER,
            names=[name for names in STATE_NAMES.values() for name in names],
        ),
        _facet("first_seen", "time of the issue's first event: epoch milliseconds or ISO 8601", kind=Kind.INSTANT),
        _facet("last_seen", "time of the issue's latest event: epoch milliseconds or ISO 8601", kind=Kind.INSTANT),
        _facet("age", "time since the first event: milliseconds, or with a suffix (2h)", unit=Unit.MILLISECOND),
        _facet(
            "regression.age",
            "time since the issue came back after it was resolved: milliseconds, or with a suffix (2h)",
            unit=Unit.MILLISECOND,
        ),
        _facet("is_crash", "whether an event of the issue was a crash", names=_FLAG),
        _facet("is_new", "whether the issue is open and was first seen less than two days ago", names=_FLAG),
        _facet("is_regression", "whether the issue ever came back after it was resolved", names=_FLAG),
        _facet("platform", "where the code runs", case=Case.UPPER, names=[platform.value for platform in Platform]),
        _facet("language", "programming languages of the issue's events", case=Case.UPPER),
        _facet("first_seen_version", "version of the issue's first event"),
        _facet("last_seen_version", "version of the issue's latest event"),
        _facet("file_path", "file of the frame that the issue is named after"),
        _facet("function_name", "function of the frame that the issue is named after"),
        _facet("assignee", "id, handle or e-mail of the user that the issue is assigned to", case=Case.LOWER),
        _facet("team", "handle of a team that owns the issue"),
        _facet(
            "suspected_cause", "what kind of failure it is", case=Case.LOWER, names=[cause.value for cause in Cause]
        ),
        _facet("case", "key of the issue's case"),
    )
}
TEAM_ID = Joined(f"{PREFIX}team_id", case=Case.LOWER)
"""What the `team_ids` of a search ask for; no query can name it."""
_BESIDE = {Field("team"): (FACETS["issue.team"].place,)}
"""A tag `team:` on the event and a team that owns the issue count alike."""


class IssueCatalogue:
    """What can be searched on events, with the facets of their issues joined on."""

    @property
    def free_text(self) -> tuple[Text, ...]:
        """The events' own."""
        return EVENTS.free_text

    @property
    def full_text(self) -> tuple[Text, ...]:
        """The events' own."""
        return EVENTS.full_text

    def places_of(self, field: Field) -> tuple[Place, ...]:
        """With or without `@` an issue facet first; a name that is none of them may still be a tag."""
        if field.name in FACETS:
            return (FACETS[field.name].place,)
        return tuple(place for place in EVENTS.places_of(field) if not isinstance(place, Joined))

    def places_beside(self, field: Field) -> tuple[Place, ...]:
        """The owners of the issue beside the event's `team:` tags."""
        return _BESIDE.get(field, ())

    def places_within(self, field: Field) -> tuple[Place, ...]:
        """What events have below it, and issue facets (`issue.regression.age` below `issue.regression`)."""
        if not field.name.startswith(PREFIX):
            return EVENTS.places_within(field)
        return tuple(facet.place for name, facet in FACETS.items() if name.startswith(f"{field.name}."))


ISSUES = IssueCatalogue()
"""The one catalogue of the issue search: it has no state."""


@dataclass(frozen=True, slots=True)
class Owners:
    """What other rooms know of an issue: who it is assigned to, which teams own it, the keys of its cases.

    `assignee` are the handle and the e-mail of a user that is known here.
    """

    assignee: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    cases: tuple[str, ...] = ()


def values_of(issue: Issue, owners: Owners, now: datetime) -> dict[str, tuple[str, ...]]:
    """Every facet of an issue with its values, in the case in which they are compared; none where it has no value.

    The reference for searches: an event row with these beside its own columns can be put to `query/match.py`.
    """
    regressed_at = issue.regression.regressed_at if issue.regression else None
    assignee = (str(issue.assignee_id), *owners.assignee) if issue.assignee_id else ()
    values: dict[str, tuple[str, ...]] = {
        "id": (str(issue.id),),
        "state": STATE_NAMES[issue.state],
        "first_seen": (str(to_ms(issue.first_seen)),),
        "last_seen": (str(to_ms(issue.last_seen)),),
        "age": (str(to_ms(now) - to_ms(issue.first_seen)),),
        "regression.age": (str(to_ms(now) - to_ms(regressed_at)),) if regressed_at else (),
        "is_crash": (_flag(issue.is_crash),),
        "is_new": (_flag(is_new(issue, now)),),
        "is_regression": (_flag(regressed_at is not None),),
        "platform": PLATFORM_NAMES[issue.platform],
        "language": issue.languages,
        "first_seen_version": _text(issue.first_seen_version),
        "last_seen_version": _text(issue.last_seen_version),
        "file_path": _text(issue.file_path),
        "function_name": _text(issue.function_name),
        "assignee": tuple(dict.fromkeys(value.lower() for value in assignee)),
        "team": owners.teams,
        "suspected_cause": (issue.suspected_cause.value,),
        "case": owners.cases,
    }
    return {PREFIX + name: found for name, found in values.items()}


def is_new(issue: Issue, now: datetime) -> bool:
    """Whether the issue carries the tag New."""
    return issue.state is IssueState.OPEN and issue.first_seen > now - NEW_FOR


def _flag(value: bool) -> str:
    return "true" if value else "false"


def _text(value: str) -> tuple[str, ...]:
    return (value,) if value else ()
