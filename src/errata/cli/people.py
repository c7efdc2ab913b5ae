"""Users, keys and tokens from the terminal of the machine; whoever may read the data folder may do this."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from errata.base.errors import Invalid, NotFound
from errata.cli.options import Config, Data, settings_of

if TYPE_CHECKING:
    from errata.access.model import User
    from errata.app.state import Access

user_app = typer.Typer(help="People who may use the API and the pages.", no_args_is_help=True)
key_app = typer.Typer(help="Keys that send errors or open the API.", no_args_is_help=True)
token_app = typer.Typer(help="Bearer tokens, which open the API alone.", no_args_is_help=True)

Owner = Annotated[str | None, typer.Option(help="E-mail of the user whom an application key or token acts as.")]
Scopes = Annotated[
    list[str] | None, typer.Option("--scope", help="Cut the key to this scope; repeat for several. Default: all.")
]


@user_app.command("create")
def create_user(
    email: str,
    name: Annotated[str | None, typer.Option(help="Name that people see.")] = None,
    role: Annotated[
        list[str] | None, typer.Option(help="Admin, Standard or Read Only.", show_default="Standard")
    ] = None,
    data: Data = None,
    config: Config = None,
) -> None:
    """Make a user."""
    from errata.base.facts import SYSTEM

    with _access(data, config) as access:
        by_name = {known.name: role_id for role_id, known in access.reads.roles().items()}
        wanted = role or ["Standard"]
        for each in wanted:
            if each not in by_name:
                raise Invalid(f"there is no role {each}: choose from {', '.join(sorted(by_name))}")
        user = access.commands.create_user(SYSTEM, email=email, name=name, role_ids=[by_name[each] for each in wanted])
    typer.echo(f"user {user.email} is {user.id}")


@key_app.command("create")
def create_key(
    name: str,
    kind: Annotated[str, typer.Option(help="api, client or application.")] = "api",
    owner: Owner = None,
    scope: Scopes = None,
    data: Data = None,
    config: Config = None,
) -> None:
    """Make a key and show its secret, this once."""
    if kind not in ("api", "client", "application"):
        raise Invalid(f"there are api, client and application keys, not {kind}")
    _create(data, config, kind, name, owner, scope)


@key_app.command("list")
def list_keys(data: Data = None, config: Config = None) -> None:
    """List the keys that are valid; secrets are not known any more."""
    from errata.access.model import KeyKind
    from errata.access.reads import KeySearch

    with _access(data, config) as access:
        for kind in KeyKind:
            page = access.reads.keys(KeySearch(kind=kind, limit=10_000))
            owners = access.reads.users_by_id(key.owner_id for key in page.items if key.owner_id)
            for key in page.items:
                owner = owners[key.owner_id].email if key.owner_id else ""
                typer.echo(f"{key.id}  {kind.value:<11}  ...{key.last4}  {key.name}  {owner}".rstrip())


@key_app.command("revoke")
def revoke_key(key_id: UUID, data: Data = None, config: Config = None) -> None:
    """Make a key or token useless, for good."""
    from errata.base.facts import SYSTEM
    from errata.base.ids import KeyId

    with _access(data, config) as access:
        key = access.commands.revoke_key(SYSTEM, KeyId(key_id))
    typer.echo(f"{key.kind.value} key {key.name} is revoked")


@token_app.command("create")
def create_token(
    name: str, owner: Owner = None, scope: Scopes = None, data: Data = None, config: Config = None
) -> None:
    """Make a bearer token and show it, this once."""
    _create(data, config, "token", name, owner, scope)


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(user_app, name="user")
    app.add_typer(key_app, name="key")
    app.add_typer(token_app, name="token")


def _create(data: Data, config: Config, kind: str, name: str, owner: str | None, scopes: list[str] | None) -> None:
    from errata.access.model import KeyKind
    from errata.base.facts import SYSTEM

    with _access(data, config) as access:
        acts_as_user = KeyKind(kind).acts_as_user
        if acts_as_user and owner is None:
            raise Invalid("say whom it acts as with --owner EMAIL")
        owner_id = _owner(access, owner).id if owner else None
        created = access.commands.create_key(SYSTEM, KeyKind(kind), name=name, owner_id=owner_id, scopes=scopes)
    typer.echo(
        f"{kind} key {created.record.name} is {created.record.id}; its secret, shown this once:\n{created.secret}"
    )


def _owner(access: Access, email: str) -> User:
    from errata.access.reads import UserSearch

    found = access.reads.users(UserSearch(text=email, limit=100)).items
    for user in found:
        if user.email == email.strip().lower():
            return user
    raise NotFound(f"there is no user {email}")


@contextmanager
def _access(data: Data, config: Config) -> Iterator[Access]:
    from errata.app.state import build_access, open_current_database
    from errata.base.clock import SystemClock

    database = open_current_database(settings_of(data=data, config=None if config is None else str(config)))
    try:
        yield build_access(database, SystemClock())
    finally:
        database.close()
