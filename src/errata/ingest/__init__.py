"""From bytes on the wire to events and issues.

Intake: `routes.py` (which doors there are), `receive.py` (what is checked before the answer), `answers.py` (errors as
the wire has them), `inflate.py`. Digest: `wire/` decodes, `digest.py` carries out batches, `aside.py` keeps what could
not be decoded.
"""
