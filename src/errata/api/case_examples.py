"""Examples of the operations on cases for the published document. Values are made up; tests hold them to the types."""

from __future__ import annotations

from typing import Any

_CASE = "9daaa414-8843-46e2-8360-c36d3713285f"
_OTHER_CASE = "4417921d-0866-4a38-822c-6f2a0f65f77d"
_PROJECT = "d4bbe1af-f36e-42f1-87c1-493ca35c320e"
_MIRA = "3f6c1f0e-6d0b-4a55-9a3c-1d2f0b7a9c11"
_JONAS = "87cb11a0-278c-440a-99fe-701223c80296"
_CELL = "2df6429f-8148-440c-a959-e6503f42709b"
_STANDARD = "00000000-0000-0000-0000-000000000001"


def _change(**attributes: object) -> dict[str, Any]:
    return {"data": {"type": "case", "attributes": attributes}}


CREATE = {
    "data": {
        "type": "case",
        "attributes": {"priority": "P4", "title": "Checkout slow after deploy", "type_id": _STANDARD},
        "relationships": {
            "assignee": {"data": {"id": _JONAS, "type": "user"}},
            "project": {"data": {"id": _PROJECT, "type": "project"}},
        },
    }
}
EMPTY = {"data": {"type": "case"}}
ASSIGN = _change(assignee_id=_JONAS)
ATTRIBUTES = _change(attributes={"env": ["prod"], "service": ["shop-web", "shop-api"]})
TITLE = _change(title="Checkout fails for coupons")
DESCRIPTION = _change(description="Seen since **4.2.1**, in every browser.")
PRIORITY = _change(priority="P3")
STATUS = _change(status_name="In Progress")
DUE_DATE = _change(due_date="2026-12-31")
RESOLVED_REASON = _change(security_resolved_reason="FALSE_POSITIVE")
CUSTOM_ATTRIBUTE = _change(type="TEXT", is_multi=True, value=["eu-west-1", "eu-north-1"])
MOVE = {"data": {"id": "e555e290-ed65-49bd-ae18-8acbfcf18db7", "type": "project"}}
COMMENT = _change(comment="Rolled back to 4.2.1")
BULK = {
    "data": {
        "type": "bulk",
        "attributes": {"case_ids": [_CASE, _OTHER_CASE], "type": "priority", "payload": {"priority": "P1"}},
    }
}
AGGREGATE = {
    "data": {
        "type": "aggregate",
        "attributes": {"group_by": {"groups": ["status"], "limit": 10}, "query_filter": "service:shop-web"},
    }
}

_AUTHOR = {
    "type": "USER",
    "content": {
        "ID": _MIRA,
        "id": _MIRA,
        "name": "Mira",
        "email": "mira@errata.example",
        "handle": "mira@errata.example",
        "active": True,
    },
}
_ATTRIBUTES = {
    "attributes": {"service": ["shop-web"]},
    "comment_count": 0,
    "created_at": "2026-03-02T09:15:31.204518Z",
    "creation_source": "MANUAL",
    "custom_attributes": {},
    "description": "",
    "insights": [],
    "internal_id": _CASE,
    "key": "WEB-17",
    "merge_status": "NOT_MERGED",
    "priority": "P4",
    "public_id": "57",
    "status": "OPEN",
    "status_group": "SG_OPEN",
    "status_name": "Open",
    "title": "Checkout slow after deploy",
    "type": "STANDARD",
    "type_id": _STANDARD,
}
_RELATIONSHIPS = {
    "created_by": {"data": {"id": _MIRA, "type": "user"}},
    "project": {"data": {"id": _PROJECT, "type": "project"}},
}
_USERS = [
    {
        "id": _MIRA,
        "type": "user",
        "attributes": {
            "active": True,
            "email": "mira@errata.example",
            "handle": "mira@errata.example",
            "name": "Mira",
        },
    }
]
CASE_ANSWER = {
    "data": {"id": _CASE, "type": "case", "attributes": _ATTRIBUTES, "relationships": _RELATIONSHIPS},
    "included": _USERS,
}
CASES_ANSWER = {
    "data": [
        {
            "id": _CASE,
            "type": "case",
            "attributes": _ATTRIBUTES | {"created_by_author": _AUTHOR},
            "relationships": _RELATIONSHIPS,
        }
    ],
    "meta": {"total_cases": 3, "page": {"current": 2, "size": 1, "total": 2}},
    "included": _USERS,
}
TIMELINE_ANSWER = {
    "data": [
        {
            "id": _CELL,
            "type": "timeline_cell",
            "attributes": {
                "author": _AUTHOR,
                "cell_content": {"message": "Rolled back to 4.2.1"},
                "content": '{"message":"Rolled back to 4.2.1"}',
                "created_at": "2026-03-02T09:25:10.968106Z",
                "type": "COMMENT",
            },
        }
    ]
}
COUNT_ANSWER = {
    "data": {
        "id": "count",
        "type": "count",
        "attributes": {
            "groups": [
                {"group": "status", "group_values": [{"value": "CLOSED", "count": 58}, {"value": "OPEN", "count": 42}]}
            ],
            "total": 100,
        },
    }
}
AGGREGATE_ANSWER = {
    "data": {
        "id": "aggregate",
        "type": "aggregate",
        "attributes": {
            "groups": [{"group": "CLOSED", "value": [58.0]}, {"group": "OPEN", "value": [42.0]}],
            "total": 100.0,
        },
    }
}
