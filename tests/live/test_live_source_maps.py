"""A program bundled by esbuild, its maps uploaded by datadog-ci, its errors as the bundle printed them."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import httpx
import node_tools
import pytest

BIN = node_tools.FOLDER / "node_modules" / ".bin"


def run(*command: str, folder: Path, **environment: str) -> str:
    path = f"{node_tools.NODE.parent}:{os.environ['PATH']}"
    done = subprocess.run(
        [str(node_tools.NODE), *command],
        cwd=folder,
        env={"PATH": path, "HOME": str(folder), **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def bundle(folder: Path, *options: str) -> Path:
    """The program, minified with its map, as `dist/main.min.js`."""
    dist = folder / "dist"
    esbuild = node_tools.FOLDER / "node_modules" / "esbuild" / "bin" / "esbuild"
    source = node_tools.FOLDER / "web" / "main.ts"
    out = dist / "main.min.js"
    command = [str(esbuild), str(source), "--bundle", "--minify", "--sourcemap", f"--outfile={out}", *options]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return dist


def errors_of(dist: Path) -> list[dict[str, str]]:
    """What the bundle throws when node runs it."""
    return [json.loads(line) for line in run(str(dist / "main.min.js"), folder=dist).splitlines()]


def upload(server, dist: Path, service: str, version: str, prefix: str) -> str:
    return run(
        str(BIN / "datadog-ci"),
        "sourcemaps",
        "upload",
        str(dist),
        f"--service={service}",
        f"--release-version={version}",
        f"--minified-path-prefix={prefix}",
        folder=dist,
        DATADOG_API_KEY=server.api_key,
        DATADOG_SOURCEMAP_INTAKE_URL=server.url,
        DATADOG_SITE="datadoghq.invalid",
        DD_CI_BYPASS_SITE_VALIDATION="true",
        BUILD_PATH=str(dist),
    )


def send(server, service: str, version: str, errors: list[dict[str, str]]) -> None:
    entries = [
        {
            "message": one["message"],
            "status": "error",
            "service": service,
            "ddsource": "nodejs",
            "ddtags": f"env:prod,version:{version}",
            "error": {"kind": one["kind"], "message": one["message"], "stack": one["stack"]},
        }
        for one in errors
    ]
    headers = {"DD-API-KEY": server.api_key}
    assert httpx.post(f"{server.url}/api/v2/logs", json=entries, headers=headers, trust_env=False).status_code == 202


@pytest.mark.parametrize("options", [(), ("--format=esm",), ("--keep-names",)])
def test_bundle_uploaded_by_datadog_ci_is_known_by_its_source(live, node_modules, tmp_path, options) -> None:
    service = live.service()
    dist = bundle(tmp_path, *options)
    errors = errors_of(dist)

    said = upload(live.server, dist, service, "1.0.0", str(dist))
    send(live.server, service, "1.0.0", errors)

    assert "Uploaded" in said
    assert "fail" not in said.lower().replace("0 fail", "")
    assert len(errors) == 2
    assert "lineTotal" not in errors[0]["stack"] or options == ("--keep-names",)
    issues = live.errors(service, 2)
    assert {(one["error_type"], one["function_name"], Path(one["file_path"]).name) for one in issues} == {
        ("TypeError", "lineTotal", "cart.ts"),
        ("CartError", "reserve", "cart.ts"),
    }


def test_bundle_uploaded_after_its_errors_maps_what_is_shown(live, node_modules, tmp_path) -> None:
    service = live.service()
    dist = bundle(tmp_path)
    errors = errors_of(dist)
    send(live.server, service, "1.0.0", errors)
    before = live.errors(service, 2)

    upload(live.server, dist, service, "1.0.0", str(dist))
    send(live.server, service, "1.0.0", errors)

    after = live.errors(service, 4)
    assert {one["id"] for one in after} == {one["id"] for one in before}
    assert {one["function_name"] for one in after} == {"lineTotal", "reserve"}
