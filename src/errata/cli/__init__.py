"""A person at a terminal: the commands, their words and their exit statuses."""
