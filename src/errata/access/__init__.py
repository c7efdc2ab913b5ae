"""Who may: the organisation, its people and teams, their roles, and the keys that open doors."""
