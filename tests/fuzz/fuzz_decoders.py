"""Bodies that no SDK sends, made by a fuzzer that watches which code they reach, for every decoder of the intake.

    fuzz_decoders.py                                every intake for 20 s, two at a time
    fuzz_decoders.py --intake otlp --seconds 600    one of them, longer
    fuzz_decoders.py --intake otlp FILE             one input that was found before

It begins with the recorded requests of tests/payloads and the requests of tests/golden. A fault is whatever comes out
of a decoder but `Invalid` and `TooLarge`, a result that is no event, two events with one entry, an answer that differs
the second time, an event that cannot be bounded, judged or scrubbed, 10 seconds for one body, and 1 GiB of memory.
Every fault is printed with its input. Needs atheris, which exists for Linux on x86-64; elsewhere nothing is done.
"""

from __future__ import annotations

import argparse
import base64
import json
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

TESTS = Path(__file__).parents[1]
RECEIVED_AT = 1_795_192_030_543
MAX_BYTES = 64 << 10
INPUT_SECONDS = 10
MEMORY_MB = 1024


@dataclass(frozen=True)
class Shape:
    """What a request says beside its body."""

    path: str
    query: str
    headers: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Seeds:
    """Shapes of one intake, and bodies under the number of the shape that they came in."""

    shapes: list[Shape]
    bodies: list[tuple[int, bytes]]

    def add(self, shape: Shape, body: bytes) -> None:
        if shape not in self.shapes:
            self.shapes.append(shape)
        self.bodies.append((self.shapes.index(shape), body))


def seeds_of(intake: str) -> Seeds:
    """Every recorded and golden request that the routes send to an intake, without its compression."""
    from errata.ingest.doors.door import DoorLimits
    from errata.ingest.inflate import inflate
    from errata.ingest.routes import routes_of

    routes = routes_of(DoorLimits())
    found = Seeds([], [])
    for method_path, query, headers, body in recorded_requests():
        route = routes.at(method_path, query.encode())
        if route is None or route.door.intake != intake:
            continue
        pairs = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        said = route.door.said({"headers": pairs, "query_string": query.encode()}, "")
        plain = inflate(body, said.headers.pop("content-encoding", ""), 32 << 20)
        if len(plain) < MAX_BYTES:
            found.add(Shape(route.path, said.query, tuple(sorted(said.headers.items()))), plain)
    return found


def recorded_requests():
    """Path, query, headers and body of every recorded and golden request."""
    for file in sorted((TESTS / "payloads").glob("*/*.http.json")):
        said = json.loads(file.read_text(encoding="utf-8"))
        if "body_base64" in said:
            yield said["path"], said["query"] or "", said["headers"], base64.b64decode(said["body_base64"])
    for file in sorted((TESTS / "golden").glob("*/*.request.json")):
        said = json.loads(file.read_text(encoding="utf-8"))
        body = said["body_text"] if "body_text" in said else json.dumps(said.get("body", said.get("event")))
        if said.get("path", "").endswith("/envelope/"):
            body = '{}\n{"type":"event"}\n' + body
        headers = said.get("headers") or {"content-type": "application/json"}
        yield said.get("path", "/api/v2/logs"), said.get("query") or "", headers, body.encode()


def words_in(seeds: Seeds) -> list[bytes]:
    """Names that the fuzzer may put in, one a line in libFuzzer's form."""
    names = {name for _, body in seeds.bodies for name in re.findall(rb"[A-Za-z_][A-Za-z0-9_.$-]{2,24}", body)}
    common = sorted(names, key=lambda name: (-sum(name in body for _, body in seeds.bodies), name))
    return [b'"%s"' % name for name in common[:400]]


def fuzz(intake: str, arguments: list[str]) -> None:
    """Run the fuzzer in this process; it ends the process itself."""
    import atheris

    with atheris.instrument_imports(include=["errata.ingest", "errata.events", "errata.stacks"]):
        from errata.base.errors import Invalid, TooLarge
        from errata.events.limits import limit
        from errata.events.model import Event
        from errata.events.qualify import qualify, refusal
        from errata.events.scrub import scrub
        from errata.ingest.wire.model import Ignored, Reject, WireRecord
        from errata.ingest.wires import WIRES
        from errata.stacks.find import find_in_text
        from errata.stacks.parse import parse
    decode, shapes = WIRES[intake].decode, seeds_of(intake).shapes or [Shape("/", "", ())]

    def try_one(data: bytes) -> None:
        shape = shapes[data[0] % len(shapes)] if data else shapes[0]
        record = WireRecord(RECEIVED_AT, shape.path, shape.query, dict(shape.headers), data[1:])
        try:
            found = decode(record)
        except (Invalid, TooLarge):
            return
        events = [one for one in found if isinstance(one, Event)]
        assert all(isinstance(one, Event | Reject | Ignored) for one in found), found
        assert len({one.entry for one in events}) == len(events), "two events have one entry"
        assert repr(decode(record)) == repr(found), "the second time it came out different"
        for event in events:
            if refusal(event) is None:
                judged = qualify(limit(event), parse, find_in_text)
                if not isinstance(judged, str):
                    scrub(judged.event)

    atheris.Setup([sys.argv[0], *arguments], try_one)
    atheris.Fuzz()


def run(intake: str, seconds: int, inputs: list[str]) -> list[str]:
    """Fuzz one intake in a process of its own; the faults."""
    seeds = seeds_of(intake)
    with tempfile.TemporaryDirectory(prefix=f"errata-fuzz-{intake}-") as folder:
        corpus, words = Path(folder) / "corpus", Path(folder) / "words"
        corpus.mkdir()
        for number, (shape, body) in enumerate(seeds.bodies):
            (corpus / f"seed-{number}").write_bytes(bytes((shape,)) + body)
        words.write_bytes(b"\n".join(words_in(seeds)) + b"\n")
        kept = Path(tempfile.gettempdir()) / f"errata-fault-{intake}-"
        arguments = [f"-artifact_prefix={kept}", f"-timeout={INPUT_SECONDS}", f"-rss_limit_mb={MEMORY_MB}"]
        if inputs:
            arguments += inputs
        else:
            arguments += [f"-max_len={MAX_BYTES}", f"-max_total_time={seconds}", f"-dict={words}", "-len_control=0"]
            arguments += ["-print_final_stats=1", str(corpus)]
        command = [sys.executable, __file__, "--intake", intake, "--inside", "--", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    stats = dict(re.findall(r"stat::(\w+):\s+(\d+)", done.stderr))
    reached = re.findall(r"cov: (\d+)", done.stderr)
    print(
        f"{intake}: {len(seeds.bodies)} seeds, {stats.get('number_of_executed_units', len(inputs))} bodies, "
        f"{reached[-1] if reached else '?'} edges, {stats.get('peak_rss_mb', '?')} MB"
    )
    return [] if done.returncode == 0 else [f"{intake}: {done.stdout[-3000:]}\n{done.stderr[-6000:]}"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--intake", help="one of them; default: all")
    parser.add_argument("--seconds", type=int, default=20, help="for each intake")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("inputs", nargs="*", help="inputs that were found before")
    arguments = parser.parse_args()
    try:
        import atheris  # noqa: F401 - only whether it is there
    except ImportError:
        print("The decoders were not fuzzed: atheris does not exist for this machine.")
        return 0
    if arguments.inside:
        fuzz(arguments.intake, arguments.inputs)
        return 0
    from errata.ingest.wires import WIRES

    intakes = [arguments.intake] if arguments.intake else sorted(WIRES)
    with ThreadPoolExecutor(2) as threads:
        runs = threads.map(lambda each: run(each, arguments.seconds, arguments.inputs), intakes)
        faults = [fault for each in runs for fault in each]
    for fault in faults:
        print(f"FAULT {fault}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
