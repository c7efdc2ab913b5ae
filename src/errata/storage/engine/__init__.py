"""The embedded event store's engine: chDB behind ClickHouse's HTTP interface, a process of its own.

`serve.py` runs it, `door.py` speaks HTTP, `call.py` reads requests, `gate.py` says what a statement may do,
`library.py` holds chDB and `config.py` its settings. What is spoken: `docs/reference/engine-door.md`.
"""
