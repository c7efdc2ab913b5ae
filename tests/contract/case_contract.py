"""The public contract of cases, and the official client whose every raw answer is held against it.

`openapi.yaml` and `examples/` beside this file were derived from the official client, the public documents and
recordings of the real service; they are not ours, and stay as they are.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml
from datadog_api_client import ApiClient
from datadog_api_client.exceptions import ApiException
from datadog_api_client.rest import RESTClientObject
from datadog_api_client.v2.api.case_management_api import CaseManagementApi
from datadog_api_client.v2.api.case_management_attribute_api import CaseManagementAttributeApi
from datadog_api_client.v2.api.case_management_type_api import CaseManagementTypeApi
from official_client import Answer, configuration_of

HERE = Path(__file__).parent


class Contract:
    """Operations of the contract by their id, and its schemas."""

    def __init__(self) -> None:
        self._document = yaml.load((HERE / "openapi.yaml").read_text(), yaml.CSafeLoader)
        self.operations: dict[str, dict[str, Any]] = {
            operation["operationId"]: operation | {"method": method.upper(), "path": path}
            for path, methods in self._document["paths"].items()
            for method, operation in methods.items()
            if isinstance(operation, dict) and "operationId" in operation
        }

    def check(self, name: str, answer: Answer) -> None:
        """Hold an answer against what the contract says of the operation's answers with this status."""
        responses = self.operations[name]["responses"]
        assert str(answer.status) in responses, f"{name} must not answer {answer.status}: {answer.body!r}"
        response = self._resolved(responses[str(answer.status)])
        kinds = response.get("content")
        if kinds is None:
            assert (answer.body, answer.headers.get("content-type")) == (b"", None)
            return
        assert answer.headers["content-type"] == "application/vnd.api+json"
        schema = kinds["application/vnd.api+json"]["schema"] | {"components": self._document["components"]}
        jsonschema_rs.validate(schema, answer.json(), validate_formats=True)

    def example(self, name: str) -> dict[str, Any]:
        """The recorded call of an operation."""
        read: dict[str, Any] = json.loads((HERE / "examples" / f"{name}.json").read_text())
        return read

    def _resolved(self, value: dict[str, Any]) -> dict[str, Any]:
        if "$ref" not in value:
            return value
        found: Any = self._document
        for part in value["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        return found


class _Rest(RESTClientObject):
    """The official client's own way to the server. `last` is the last answer as it came."""

    last: Answer

    def request(self, *arguments: Any, **options: Any) -> Any:
        try:
            response = super().request(*arguments, **options)
        except ApiException as refused:
            self.last = Answer(refused.status, _lower(refused.headers), json.dumps(refused.body).encode())
            raise
        self.last = Answer(response.status, _lower(response.headers), response.data)
        return response


class _Watched(ApiClient):
    """The official client, whose last answer can be looked at."""

    rest_client: _Rest

    def _build_rest_client(self) -> _Rest:
        return _Rest(self.configuration)


class CaseCalls:
    """Calls operations by name through the official client; `called` are those that were."""

    def __init__(self, client: _Watched, contract: Contract) -> None:
        self._client = client
        self._apis = {
            each.__name__: each(client)
            for each in (CaseManagementApi, CaseManagementTypeApi, CaseManagementAttributeApi)
        }
        self.contract = contract
        self.called: set[str] = set()

    def __call__(self, name: str, body: object = None, **parameters: object) -> Any:
        """A success's raw JSON, None without a body. Raises ApiException for a refusal, which is checked as well."""
        by = self.contract.operations[name]["x-client"]
        method = getattr(self._apis[by["class"]], by["python_method"])
        given = parameters | ({} if body is None else {"body": body})
        try:
            model = method(**given)
        finally:
            self.contract.check(name, self._client.rest_client.last)
        self.called.add(name)
        answer = self._client.rest_client.last.json() if self._client.rest_client.last.body else None
        assert not getattr(model, "_unparsed", False) or '"TUNKNOWN"' in json.dumps(answer), model
        return answer


def _lower(headers: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in dict(headers or {}).items()}


@pytest.fixture(scope="session")
def contract() -> Contract:
    return Contract()


@pytest.fixture(scope="session")
def cases(server, contract) -> Iterator[CaseCalls]:
    with _Watched(configuration_of(server)) as client:
        yield CaseCalls(client, contract)


@pytest.fixture(scope="session")
def cut_key(server) -> str:
    """An application key that may do nothing with cases."""
    command = [sys.executable, "-m", "errata", "key", "create", "cut", "--kind", "application"]
    command += ["--owner", "admin@errata.example", "--scope", "teams_read", "--data", str(server.data)]
    made = subprocess.run(command, check=True, capture_output=True, text=True)
    return made.stdout.split()[-1]
