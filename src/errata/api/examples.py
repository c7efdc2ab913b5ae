"""Examples shown in the published document and on its page. Values are made up; tests hold them against the types."""

from __future__ import annotations

_ISSUE = "5f8ebd5c-6dd9-51f0-8a28-da7ad0900002"
_USER = "87cb11a0-278c-440a-99fe-701223c80296"
_TEAM = "221b0179-6447-4d03-91c3-3ca98bf60e8a"
_ORG = "4dee724d-00cc-41ea-a77b-570c9d03c6c5"
_KEY = "84dbd164-f3f5-4f30-ac93-e12b27adeada"
_APP_KEY = "e177e012-5179-4275-ad0e-397d53348ee5"
_AT = "2026-01-05T08:00:00.480711+00:00"

SEARCH = {
    "data": {
        "type": "search_request",
        "attributes": {
            "query": "service:shop-web AND @http.status_code:500",
            "from": 1755012813000,
            "to": 1756308813000,
            "track": "logs",
            "order_by": "TOTAL_COUNT",
        },
    }
}
SEARCH_ANSWER = {
    "data": [
        {
            "id": _ISSUE,
            "type": "error_tracking_search_result",
            "attributes": {"impacted_users": 3, "total_count": 12},
            "relationships": {"issue": {"data": {"id": _ISSUE, "type": "issue"}}},
        }
    ]
}
_ISSUE_ATTRIBUTES = {
    "error_message": "'total' is missing",
    "error_type": "KeyError",
    "file_path": "shop/checkout.py",
    "first_seen": 1753944082256,
    "first_seen_version": "2.4.0",
    "function_name": "total_of",
    "is_crash": False,
    "languages": ["PYTHON"],
    "last_seen": 1755686259367,
    "last_seen_version": "2.5.1",
    "platform": "BACKEND",
    "service": "shop-web",
    "state": "OPEN",
}
ISSUE_ANSWER = {
    "data": {
        "id": _ISSUE,
        "type": "issue",
        "attributes": _ISSUE_ATTRIBUTES,
        "relationships": {"assignee": {"data": {"id": _USER, "type": "user"}}},
    },
    "included": [
        {
            "id": _USER,
            "type": "user",
            "attributes": {"email": "jonas@errata.example", "handle": "jonas@errata.example", "name": "Jonas"},
        }
    ],
}
ASSIGN = {"data": {"id": _USER, "type": "assignee"}}
SET_STATE = {"data": {"attributes": {"state": "RESOLVED"}, "id": _ISSUE, "type": "error_tracking_issue"}}

_USER_DATA = {
    "id": _USER,
    "type": "users",
    "attributes": {
        "name": "Jonas",
        "handle": "jonas@errata.example",
        "created_at": _AT,
        "modified_at": _AT,
        "email": "jonas@errata.example",
        "icon": "",
        "title": None,
        "verified": True,
        "service_account": False,
        "disabled": False,
        "allowed_login_methods": [],
        "status": "Active",
    },
    "relationships": {"roles": {"data": []}, "org": {"data": {"id": _ORG, "type": "orgs"}}},
}
USER_ANSWER = {"data": _USER_DATA}
USERS_ANSWER = {"data": [_USER_DATA], "included": [], "meta": {"page": {"total_count": 1, "total_filtered_count": 1}}}
CREATE_USER = {"data": {"type": "users", "attributes": {"email": "nora@errata.example", "title": "developer"}}}

_TEAM_DATA = {
    "id": _TEAM,
    "type": "team",
    "attributes": {
        "created_at": _AT,
        "modified_at": _AT,
        "name": "Shop",
        "handle": "shop",
        "summary": None,
        "description": None,
        "user_count": 0,
        "link_count": 0,
    },
    "relationships": {
        "team_links": {"links": {"related": f"/api/v2/team/{_TEAM}/links"}},
        "user_team_permissions": {"links": {"related": f"/api/v2/team/{_TEAM}/permission-settings"}},
    },
}
TEAM_ANSWER = {"data": _TEAM_DATA}
CREATE_TEAM = {"data": {"type": "team", "attributes": {"name": "Shop", "handle": "shop"}}}
ADD_MEMBER = {
    "data": {
        "type": "team_memberships",
        "attributes": {"role": "admin"},
        "relationships": {"user": {"data": {"id": _USER, "type": "users"}}},
    }
}
API_KEYS_ANSWER = {
    "data": [
        {
            "id": _KEY,
            "type": "api_keys",
            "attributes": {
                "category": "default",
                "created_at": _AT,
                "date_last_used": None,
                "last4": "abcd",
                "modified_at": _AT,
                "name": "intake",
                "remote_config_read_enabled": False,
                "used_in_last_24_hours": False,
            },
            "relationships": {"created_by": {"data": {"id": _USER, "type": "users"}}},
        }
    ],
    "meta": {"page": {"total_filtered_count": 1}, "max_allowed": 200},
}
APPLICATION_KEYS_ANSWER = {
    "data": [
        {
            "id": _APP_KEY,
            "type": "application_keys",
            "attributes": {"created_at": _AT, "last4": "wxyz", "last_used_at": None, "name": "ci", "scopes": None},
            "relationships": {"owned_by": {"data": {"id": _USER, "type": "users"}}},
        }
    ],
    "meta": {"page": {"total_filtered_count": 1}, "max_allowed_per_user": 10},
}
_EVENT = {
    "id": "7d1f8a52-4a0e-5f3b-9d43-0c9b6a2d51e4",
    "type": "error_event",
    "attributes": {
        "timestamp": 1772366400000,
        "received_at": 1772366400210,
        "time_clamped": False,
        "service": "shop-web",
        "env": "prod",
        "version": "1.0.0",
        "host": "",
        "track": "rum",
        "intake": "dd_rum",
        "source": "browser",
        "status": "error",
        "platform": "BROWSER",
        "language": "javascript",
        "message": "coupon expired",
        "error": {
            "type": "CartError",
            "message": "coupon expired",
            "stack": "CartError: coupon expired\n    at applyCoupon (src/cart.ts:33:9)",
            "handling": "handled",
            "source": "custom",
            "category": "",
            "is_crash": False,
            "fingerprint": "",
        },
        "exceptions": [
            {
                "type": "CartError",
                "message": "coupon expired",
                "relation": "primary",
                "frames": [
                    {
                        "function": "applyCoupon",
                        "file": "src/cart.ts",
                        "module": "",
                        "line": 33,
                        "column": 9,
                        "in_app": True,
                        "whose": "own code",
                        "context": "  throw new CartError('coupon expired')",
                        "before": ["export function applyCoupon(code: string): never {"],
                        "after": ["}"],
                        "repeats": 0,
                        "minified": {
                            "function": "p_",
                            "file": "https://shop.example/assets/main.min.js",
                            "line": 10,
                            "column": 16220,
                        },
                    }
                ],
            }
        ],
        "user": {"id": "ann", "email": "", "name": "", "anonymous_id": ""},
        "session_id": "",
        "trace_id": "",
        "span_id": "",
        "teams": [],
        "tags": ["env:prod"],
        "attributes": {"plan": "gold"},
        "details": {},
        "cut": [],
        "grouping": {
            "version": 1,
            "fingerprint": "0b6f2f5e-91a7-4c5e-8a53-6b1f0f4f2f10",
            "is_custom": False,
            "parts": [{"name": "service", "value": "shop-web", "raw": "shop-web", "dropped": []}],
        },
    },
    "relationships": {"issue": {"data": {"id": _ISSUE, "type": "issue"}}},
}
EVENT_ANSWER = {"data": _EVENT}
EVENTS_ANSWER = {"data": [_EVENT], "meta": {"page": {}}}
