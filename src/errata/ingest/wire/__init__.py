"""Wire formats: bytes as clients send them, turned into events. Pure; a decoder raises `Invalid` and nothing else."""
