"""Cases: what people work on, in projects, with types, a status, attributes and a timeline of everything done."""
