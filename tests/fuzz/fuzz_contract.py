"""Sends requests made up from two descriptions of the operations on cases, the server's own and the public contract.

A plain script, run by `make fuzz`; it starts a server of its own in a temporary folder. No answer may be a 5xx, have a
status, a content type or a shape that the description does not have, or be given without keys. Half of the requests
name things that exist, so that they come as far as the commands.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import schemathesis
import yaml
from fuzz_http import API_KEY, APP_KEY, a_server, asker
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    ignored_auth,
    response_schema_conformance,
    status_code_conformance,
)

KEYS = {"DD-API-KEY": API_KEY, "DD-APPLICATION-KEY": APP_KEY}
CASES = "/api/v2/cases"
CONTRACT = Path(__file__).parents[1] / "contract/openapi.yaml"
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    ignored_auth,
]
KEY_IS_ASKED_FIRST = {"401"}
"""A missing key is told as such also where the contract forgets to say so."""


def things(ask: Callable[..., dict], number: int) -> dict[str, list[str]]:
    """What there is to be named in a path, by parameter; ids are those of things made here.

    `doomed` may be deleted without taking the rest along.
    """

    def made(path: str, type_: str, attributes: dict, **rest: object) -> str:
        data = ask("POST", CASES + path, {"data": {"type": type_, "attributes": attributes} | rest})["data"]
        return (data[0] if isinstance(data, list) else data)["id"]

    project = made("/projects", "project", {"key": f"FUZZ{number}", "name": "Fuzz"})
    doomed = made("/projects", "project", {"key": f"GONE{number}", "name": "Gone"})
    kind = made("/types", "case_type", {"name": "Fault", "emoji": "\N{BUG}"})
    attributes = {"display_name": "Region", "key": "region", "type": "TEXT", "is_multi": True}
    attribute = made(f"/types/{kind}/custom_attributes", "custom_attribute", attributes)
    relationships = {"project": {"data": {"id": project, "type": "project"}}}
    case = made("", "case", {"title": "Slow", "type_id": kind}, relationships=relationships)
    cell = made(f"/{case}/comment", "case", {"comment": "Rolled back"})
    return {
        "project_id": [project],
        "doomed": [doomed],
        "case_type_id": [kind, "00000000-0000-0000-0000-000000000001"],
        "custom_attribute_id": [attribute],
        "custom_attribute_key": ["region"],
        "case_id": [case, f"FUZZ{number}-1", f"fuzz{number}-1"],
        "cell_id": [cell],
    }


class Run:
    """One run over both descriptions. `faults` are what was wrong, each with the way to send it again."""

    def __init__(self, url: str, arguments: argparse.Namespace) -> None:
        self._url, self._arguments = url, arguments
        self._known: dict[str, list[str]] = {}
        self._until = time.monotonic() + arguments.seconds
        self.statuses: Counter[int] = Counter()
        self.faults: list[str] = []

    def over(self, document: dict, known: dict[str, list[str]]) -> None:
        """Every operation of a description, with sound and with damaged requests in turn."""
        self._known = known
        for path, methods in document["paths"].items():
            for operation in methods.values():
                if path.startswith(CASES):
                    operation["responses"] |= {status: {"description": "Refused"} for status in KEY_IS_ASKED_FIRST
                                               if status not in operation["responses"]}  # fmt: skip
        schema = schemathesis.openapi.from_dict(document)
        schema.config.update(base_url=self._url)
        for found in schema.get_all_operations():
            operation = found.ok()
            if operation.path.startswith(CASES):
                for mode in GenerationMode:
                    self._one(operation, mode)

    def _one(self, operation: object, mode: GenerationMode) -> None:
        if mode is GenerationMode.NEGATIVE and not (operation.body or operation.path_parameters or operation.query):
            return
        dice = random.Random(f"{self._arguments.seed}:{operation.label}:{mode}")  # noqa: S311 - to be repeated

        @seed(self._arguments.seed)
        @settings(
            max_examples=self._arguments.examples,
            deadline=None,
            database=None,
            phases=(Phase.generate,),
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def requests(case: object) -> None:
            if time.monotonic() > self._until or len(self.faults) >= 20:
                return
            if dice.random() < 0.5:
                for name, made_up in (case.path_parameters or {}).items():
                    kind = "doomed" if operation.method == "delete" and name == "project_id" else name
                    case.path_parameters[name] = dice.choice(self._known.get(kind, [made_up]))
            response = case.call(headers=KEYS)
            self.statuses[response.status_code] += 1
            try:
                case.validate_response(response, headers=KEYS, checks=CHECKS)
            except (Failure, FailureGroup) as failure:
                self.faults.append(f"{operation.label}, {mode.value}: {failure}")

        # Where any text will do there is nothing wrong to be made up.
        with contextlib.suppress(Unsatisfiable):
            requests()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--examples", type=int, default=15, help="requests for each operation, description and kind")
    parser.add_argument("--seconds", type=float, default=120, help="stop then, however few were sent")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    arguments = parser.parse_args()
    contract = yaml.load(CONTRACT.read_text(), yaml.CSafeLoader)
    with a_server() as port:
        ask = asker("127.0.0.1", port)
        served = ask("GET", "/api/openapi.json")
        run = Run(f"http://127.0.0.1:{port}", arguments)
        for number, document in enumerate((served, {**contract, "paths": _served_too(contract, served)})):
            run.over(document, things(ask, number))
    print(f"{sum(run.statuses.values())} requests, seed {arguments.seed}: ", end="")
    print(", ".join(f"{status}: {count}" for status, count in sorted(run.statuses.items())))
    for fault in run.faults:
        print(f"FAULT {fault}")
    return 1 if run.faults else 0


def _served_too(contract: dict, served: dict) -> dict:
    """The paths and methods of the contract that this server has."""
    return {
        path: {method: operation for method, operation in methods.items() if method in served["paths"].get(path, {})}
        for path, methods in contract["paths"].items()
    }


if __name__ == "__main__":
    sys.exit(main())
