"""Stack texts of every language, parsed into one form. Pure; one parser a file."""
