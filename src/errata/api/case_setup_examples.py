"""Examples of projects, case types and custom attributes for the published document. Values are made up."""

from __future__ import annotations

from typing import Any

from errata.cases.decide_projects import DEFAULT_NOTIFICATION

_PROJECT = "d4bbe1af-f36e-42f1-87c1-493ca35c320e"
_TYPE = "bf109065-175f-4d2f-848d-8f5232dfce1a"
_ATTRIBUTE = "df10a213-93aa-4406-98a7-f9a7c5dccefd"

CREATE_PROJECT = {"data": {"type": "project", "attributes": {"key": "WEB", "name": "Web shop"}}}
UPDATE_PROJECT = {
    "data": {
        "type": "project",
        "attributes": {
            "name": "Web shop EU",
            "settings": {"auto_close_inactive_cases": {"enabled": True, "max_inactive_time_in_secs": 2592000}},
        },
    }
}
_PROJECT_RESOURCE = {
    "id": _PROJECT,
    "type": "project",
    "attributes": {
        "key": "WEB",
        "name": "Web shop",
        "restricted": False,
        "settings": {"notification": DEFAULT_NOTIFICATION},
    },
}
PROJECT_ANSWER = {"data": _PROJECT_RESOURCE}
PROJECTS_ANSWER = {"data": [_PROJECT_RESOURCE]}


def _group(name: str) -> dict[str, Any]:
    return {"status_options": [{"name": name}], "default": name}


CREATE_TYPE = {
    "data": {
        "type": "case_type",
        "attributes": {"name": "Fault", "description": "Faults reported by customers", "emoji": "\U0001f41e"},
    }
}
UPDATE_TYPE = {"data": {"type": "case_type", "attributes": {"name": "Customer fault"}}}
_TYPE_RESOURCE = {
    "id": _TYPE,
    "type": "case_type",
    "attributes": {
        "description": "Faults reported by customers",
        "emoji": "\U0001f41e",
        "internal": False,
        "name": "Fault",
        "statuses_config": {
            "open": _group("Open"),
            "in_progress": _group("In Progress"),
            "closed": _group("Closed"),
        },
    },
}
TYPE_ANSWER = {"data": _TYPE_RESOURCE}
TYPES_ANSWER = {"data": [_TYPE_RESOURCE]}

CREATE_ATTRIBUTE = {
    "data": {
        "type": "custom_attribute",
        "attributes": {
            "description": "Cloud region of the fault",
            "display_name": "Region",
            "is_multi": True,
            "key": "region",
            "type": "TEXT",
        },
    }
}
UPDATE_ATTRIBUTE = {
    "data": {
        "type": "custom_attribute",
        "attributes": {
            "display_name": "Cloud region",
            "type": "SELECT",
            "type_data": {"options": [{"value": "eu-west-1"}, {"value": "eu-north-1"}]},
        },
    }
}
_ATTRIBUTE_RESOURCE = {
    "id": _ATTRIBUTE,
    "type": "custom_attribute",
    "attributes": {
        "case_type": "TUNKNOWN",
        "case_type_id": _TYPE,
        "description": "Cloud region of the fault",
        "display_name": "Region",
        "is_multi": True,
        "key": "region",
        "type": "TEXT",
    },
}
ATTRIBUTE_ANSWER = {"data": _ATTRIBUTE_RESOURCE}
ATTRIBUTES_ANSWER = {"data": [_ATTRIBUTE_RESOURCE]}
