"""Options that several commands share, and the settings that follow from them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from errata.settings import Settings, load

Data = Annotated[Path | None, typer.Option(help="Folder with everything Errata keeps.", show_default="./errata-data")]
Config = Annotated[
    Path | None, typer.Option(help="Settings file to read.", show_default="errata.toml in the data folder")
]
Host = Annotated[str | None, typer.Option(help="Address to listen on.", show_default="127.0.0.1")]
Port = Annotated[int | None, typer.Option(help="Port to listen on; 0 takes any free one.", show_default="8200")]
LogLevel = Annotated[str | None, typer.Option(help="debug, info, warning or error.", show_default="info")]
LogFormat = Annotated[str | None, typer.Option(help="lines or json.", show_default="lines")]


def settings_of(**given: object) -> Settings:
    """Settings from these options and this process's environment. Raises Invalid."""
    return load(given, os.environ)
