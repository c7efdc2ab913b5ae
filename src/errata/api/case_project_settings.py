"""The settings of a project in the API's JSON, group by group. Pure.

Every member may be absent: what is absent in a request stays as it is, in an answer it was never set.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

Text = Annotated[str, Meta(max_length=1000)]
Query = Annotated[str, Meta(max_length=10_000)]
Mapping = Annotated[dict[Text, Text], Meta(max_length=100)]
_TEN_YEARS_S = 315_360_000


class AutoCloseInactiveCases(msgspec.Struct, frozen=True, kw_only=True):
    """Close cases to which nobody has done anything for so many seconds. Looked at once a day."""

    enabled: bool | UnsetType = UNSET
    max_inactive_time_in_secs: Annotated[int, Meta(ge=0, le=_TEN_YEARS_S)] | UnsetType = UNSET


class AutoTransitionAssignedCases(msgspec.Struct, frozen=True, kw_only=True):
    """Whether an open case goes in progress when somebody assigns it to themselves."""

    auto_transition_assigned_cases_on_self_assigned: bool | UnsetType = UNSET


class IntegrationIncidentFieldMapping(msgspec.Struct, frozen=True, kw_only=True):
    """Which field of an incident a field of a case becomes."""

    case_field: Text | UnsetType = UNSET
    incident_user_defined_field_id: Text | UnsetType = UNSET


class IntegrationIncidentSeverityConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Which severity a priority becomes."""

    priority_mapping: Mapping | UnsetType = UNSET


class IntegrationIncident(msgspec.Struct, frozen=True, kw_only=True):
    """Incidents from cases."""

    auto_escalation_query: Query | UnsetType = UNSET
    default_incident_commander: Text | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET
    field_mappings: Annotated[list[IntegrationIncidentFieldMapping], Meta(max_length=100)] | UnsetType = UNSET
    incident_type: Text | UnsetType = UNSET
    severity_config: IntegrationIncidentSeverityConfig | UnsetType = UNSET


class SyncProperty(msgspec.Struct, frozen=True, kw_only=True):
    """Whether and which way a property is kept the same in another system."""

    sync_type: Text | UnsetType = UNSET


class SyncPropertyWithMapping(msgspec.Struct, frozen=True, kw_only=True):
    """The same for a property whose values are called otherwise there."""

    mapping: Mapping | UnsetType = UNSET
    name_mapping: Mapping | UnsetType = UNSET
    sync_type: Text | UnsetType = UNSET


class IntegrationJiraSyncCustomField(msgspec.Struct, frozen=True, kw_only=True):
    """A field of the other system and the value that it is given: any JSON."""

    sync_type: Text | UnsetType = UNSET
    value: Any = UNSET


class IntegrationJiraSyncDueDate(msgspec.Struct, frozen=True, kw_only=True):
    """The field of the other system that has the due date."""

    jira_field_id: Text | UnsetType = UNSET
    sync_type: Text | UnsetType = UNSET


class IntegrationJiraSyncProperties(msgspec.Struct, frozen=True, kw_only=True):
    """Property by property."""

    assignee: SyncProperty | UnsetType = UNSET
    comments: SyncProperty | UnsetType = UNSET
    custom_fields: Annotated[dict[Text, IntegrationJiraSyncCustomField], Meta(max_length=100)] | UnsetType = UNSET
    description: SyncProperty | UnsetType = UNSET
    due_date: IntegrationJiraSyncDueDate | UnsetType = UNSET
    priority: SyncPropertyWithMapping | UnsetType = UNSET
    status: SyncPropertyWithMapping | UnsetType = UNSET
    title: SyncProperty | UnsetType = UNSET


class IntegrationAutoCreation(msgspec.Struct, frozen=True, kw_only=True):
    """Whether each case gets a ticket of its own."""

    enabled: bool | UnsetType = UNSET


class IntegrationJiraMetadata(msgspec.Struct, frozen=True, kw_only=True):
    """Where tickets are made."""

    account_id: Text | UnsetType = UNSET
    issue_type_id: Text | UnsetType = UNSET
    project_id: Text | UnsetType = UNSET


class IntegrationJiraSync(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept the same."""

    enabled: bool | UnsetType = UNSET
    properties: IntegrationJiraSyncProperties | UnsetType = UNSET


class IntegrationJira(msgspec.Struct, frozen=True, kw_only=True):
    """Jira tickets of cases."""

    auto_creation: IntegrationAutoCreation | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET
    metadata: IntegrationJiraMetadata | UnsetType = UNSET
    sync: IntegrationJiraSync | UnsetType = UNSET


class IntegrationMonitor(msgspec.Struct, frozen=True, kw_only=True):
    """Cases from monitors that mention the handle."""

    auto_resolve_enabled: bool | UnsetType = UNSET
    case_type_id: Text | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET
    handle: Text | UnsetType = UNSET


class IntegrationOnCallTarget(msgspec.Struct, frozen=True, kw_only=True):
    """Whom to page."""

    dynamic_team_paging: bool | UnsetType = UNSET
    team_id: Text | UnsetType = UNSET
    user_id: Text | UnsetType = UNSET


class IntegrationOnCallEscalationQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which cases page somebody."""

    enabled: bool | UnsetType = UNSET
    id: Text | UnsetType = UNSET
    query: Query | UnsetType = UNSET
    target: IntegrationOnCallTarget | UnsetType = UNSET


class IntegrationOnCall(msgspec.Struct, frozen=True, kw_only=True):
    """Paging from cases."""

    auto_assign_on_call: bool | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET
    escalation_queries: Annotated[list[IntegrationOnCallEscalationQuery], Meta(max_length=100)] | UnsetType = UNSET


class IntegrationServiceNowSyncPriority(msgspec.Struct, frozen=True, kw_only=True):
    """Which impact and urgency a priority becomes."""

    impact_mapping: Mapping | UnsetType = UNSET
    sync_type: Text | UnsetType = UNSET
    urgency_mapping: Mapping | UnsetType = UNSET


class IntegrationServiceNowSyncProperties(msgspec.Struct, frozen=True, kw_only=True):
    """Property by property."""

    comments: SyncProperty | UnsetType = UNSET
    priority: IntegrationServiceNowSyncPriority | UnsetType = UNSET
    status: SyncPropertyWithMapping | UnsetType = UNSET


class IntegrationServiceNowSyncConfig(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept the same."""

    enabled: bool | UnsetType = UNSET
    properties: IntegrationServiceNowSyncProperties | UnsetType = UNSET


class IntegrationServiceNow(msgspec.Struct, frozen=True, kw_only=True):
    """ServiceNow tickets of cases."""

    assignment_group: Text | UnsetType = UNSET
    auto_creation: IntegrationAutoCreation | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET
    instance_name: Text | UnsetType = UNSET
    sync_config: IntegrationServiceNowSyncConfig | UnsetType = UNSET


class ProjectNotificationSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What people are notified of. `destinations`: 1 by mail, 2 in Slack, 3 in the product. The order is recorded."""

    enabled: bool | UnsetType = UNSET
    destinations: Annotated[list[Annotated[int, Meta(ge=1, le=3)]], Meta(max_length=10)] | UnsetType = UNSET
    notify_on_case_assignment: bool | UnsetType = UNSET
    notify_on_case_unassignment: bool | UnsetType = UNSET
    notify_on_case_closed: bool | UnsetType = UNSET
    notify_on_case_priority_change: bool | UnsetType = UNSET
    notify_on_case_comment: bool | UnsetType = UNSET
    notify_on_case_comment_mention: bool | UnsetType = UNSET
    notify_on_case_status_change: bool | UnsetType = UNSET


class ProjectSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Settings of a project. Those of other products are kept as they were set; nothing acts on them yet."""

    auto_close_inactive_cases: AutoCloseInactiveCases | UnsetType = UNSET
    auto_transition_assigned_cases: AutoTransitionAssignedCases | UnsetType = UNSET
    integration_incident: IntegrationIncident | UnsetType = UNSET
    integration_jira: IntegrationJira | UnsetType = UNSET
    integration_monitor: IntegrationMonitor | UnsetType = UNSET
    integration_on_call: IntegrationOnCall | UnsetType = UNSET
    integration_service_now: IntegrationServiceNow | UnsetType = UNSET
    notification: ProjectNotificationSettings | UnsetType = UNSET


class ProjectColumnSort(msgspec.Struct, frozen=True, kw_only=True):
    """How a column is sorted, and which of several sorted columns counts first."""

    ascending: bool | UnsetType = UNSET
    priority: Annotated[int, Meta(ge=-(2**31), le=2**31 - 1)] | UnsetType = UNSET


class ProjectColumn(msgspec.Struct, frozen=True, kw_only=True):
    """A column of the project's board."""

    sort: ProjectColumnSort | UnsetType = UNSET
    sort_field: Text | UnsetType = UNSET
    type: Text | UnsetType = UNSET


class ProjectColumnsConfig(msgspec.Struct, frozen=True, kw_only=True):
    """The columns of the project's board."""

    columns: Annotated[list[ProjectColumn], Meta(max_length=100)] | UnsetType = UNSET
