"""Whether a call is in the program's own code.

Part of grouping version 1 and frozen with it: a list that grows would split issues that exist. What a client says
of a frame itself (`Frame.in_app`) always wins, and is the place for rules of one service.
"""

from __future__ import annotations

import re
from functools import lru_cache

from errata.grouping import in_app_compiled, in_app_scripts
from errata.grouping.verdict import OWN, Kind, Verdict
from errata.stacks.model import Frame

__all__ = ["Kind", "Verdict", "family_of", "verdict_on"]


_BY_CLIENT = Verdict(Kind.CLIENT)
_NAME_LIMIT = 1000  # characters of a path or module that are looked at

_FAMILY = {
    "python": "python",
    "java": "java", "kotlin": "java", "scala": "java", "groovy": "java", "clojure": "java",
    "javascript": "javascript", "typescript": "javascript", "nodejs": "javascript",
    "go": "go", "golang": "go", "ruby": "ruby", "php": "php", "rust": "rust", "dart": "dart",
    "csharp": "csharp", "c#": "csharp", "dotnet": "csharp", ".net": "csharp", "fsharp": "csharp", "f#": "csharp",
    "swift": "swift", "objective-c": "native", "objc": "native", "c": "native", "c++": "native", "cpp": "native",
    "native": "native", "elixir": "beam", "erlang": "beam",
}  # fmt: skip
_EXTENSIONS = {
    "py": "python", "pyc": "python", "pyx": "python",
    "java": "java", "kt": "java", "scala": "java", "groovy": "java", "clj": "java",
    "js": "javascript", "mjs": "javascript", "cjs": "javascript", "jsx": "javascript", "ts": "javascript",
    "tsx": "javascript", "mts": "javascript", "cts": "javascript", "vue": "javascript", "svelte": "javascript",
    "go": "go", "rb": "ruby", "erb": "ruby", "rake": "ruby", "php": "php", "rs": "rust", "dart": "dart",
    "cs": "csharp", "fs": "csharp", "vb": "csharp", "swift": "swift", "m": "native", "mm": "native", "c": "native",
    "cc": "native", "cpp": "native", "cxx": "native", "h": "native", "hpp": "native",
    "ex": "beam", "exs": "beam", "erl": "beam", "eex": "beam", "heex": "beam",
}  # fmt: skip
_INTERPRETED = ("python", "javascript", "ruby", "php")
_COMPILED = ("native", "rust")

_TRACERS = ("ddtrace", "opentelemetry", "sentry_sdk", "elasticapm", "newrelic", "wrapt")
_PYTHON_LIBRARY = re.compile(
    r"/(site-packages|dist-packages|pyshared|[^/]+\.egg|\.venv|\.tox|\.nox|__pypackages__|var/runtime)/", re.IGNORECASE
)
_PYTHON_RUNTIME = re.compile(
    r"/(lib(?:64|32)?/python\d[^/]*|python\d[\d.]*(?:-32)?/lib|lib-python/\d[^/]*|lib_pypy|Python\.framework)/",
    re.IGNORECASE,
)
_PYTHON_OWN_PSEUDO = ("<stdin", "<console", "<ipython", "<input", "<cell", "<doctest")

_JS_LIBRARY = re.compile(
    r"/(node_modules|bower_components|jspm_packages|\.yarn|\.pnpm|deno\.land/(?:std|x)@?[^/]*|~|var/runtime)/"
    r"|/((?:vendors?|polyfills?|webpack-runtime|runtime-main|framework)(?:[.~-][^/]*)?\.m?js)$"
)
_JS_RUNTIME = re.compile(
    r"(node:|internal/|deno:|ext:|bun:|wasm:|electron/js2c|webpack/(?:bootstrap|runtime)|\(?native|<anonymous>|\[native)"
)
_JS_EXTENSION = re.compile(r"(?:chrome|moz|safari|safari-web|ms-browser)-extension:")
_JS_WEBPACK_RUNTIME = re.compile(r"webpack(?:-internal)?:/+(?:[^/]*/)?\.?/?(?:webpack/|\(webpack\))")
_JS_HOSTS = re.compile(
    r"https?://(?:[\w-]+\.)*(jsdelivr\.net|unpkg\.com|cdnjs\.cloudflare\.com|code\.jquery\.com|ajax\.googleapis\.com"
    r"|googletagmanager\.com|google-analytics\.com|connect\.facebook\.net|js\.stripe\.com|datadoghq-browser-agent\.com"
    r"|sentry-cdn\.com|esm\.sh|skypack\.dev)/"
)
_NODE_CORE = re.compile(
    r"(?:_?(?:assert|async_hooks|buffer|child_process|cluster|console|crypto|dgram|dns|domain|events|fs|http|http2|https"
    r"|http_server|http_client|http_outgoing|http_incoming|http_common|inspector|module|net|os|path|perf_hooks|process"
    r"|punycode|querystring|readline|repl|stream|stream_readable|stream_writable|stream_duplex|stream_transform"
    r"|string_decoder|timers|tls|tls_wrap|tls_common|trace_events|tty|url|util|v8|vm|wasi|worker_threads|zlib"
    r"|linklist))\.js$"
)

_JAVA_RUNTIME = (
    "java.", "javax.", "jdk.", "sun.", "com.sun.", "com.oracle.", "oracle.jrockit.", "jrockit.", "com.ibm.jvm.",
    "org.omg.", "org.w3c.dom.", "org.xml.sax.", "dalvik.", "libcore.", "android.", "com.android.", "androidx.",
    "kotlin.", "kotlinx.", "_COROUTINE.", "scala.", "groovy.", "org.codehaus.groovy.", "org.apache.groovy.", "clojure.",
)  # fmt: skip
_JAVA_TRACERS = (
    "datadog.trace.", "com.datadog.", "ddtrot.", "io.opentelemetry.", "io.opentracing.", "io.sentry.", "com.newrelic.",
    "co.elastic.apm.", "org.aspectj.",
)  # fmt: skip
_JAVA_LIBRARY = (
    "org.springframework.", "org.apache.", "org.hibernate.", "org.eclipse.", "org.jboss.", "org.wildfly.", "jakarta.",
    "io.undertow.", "io.quarkus.", "io.micronaut.", "io.vertx.", "io.netty.", "io.helidon.", "io.dropwizard.",
    "com.codahale.", "io.ktor.", "io.grpc.", "io.reactivex.", "rx.", "reactor.", "io.projectreactor.", "io.smallrye.",
    "io.micrometer.", "io.prometheus.", "io.lettuce.", "redis.clients.", "org.redisson.", "io.r2dbc.", "io.swagger.",
    "io.jsonwebtoken.", "io.github.resilience4j.", "io.kubernetes.", "io.fabric8.", "io.cucumber.", "io.restassured.",
    "com.fasterxml.", "com.google.common.", "com.google.inject.", "com.google.gson.", "com.google.protobuf.",
    "com.google.cloud.", "com.google.api.", "com.google.android.", "com.google.firebase.", "com.google.auth.",
    "com.google.net.", "com.zaxxer.", "com.mysql.", "com.mchange.", "com.mongodb.", "com.datastax.", "com.rabbitmq.",
    "com.amazonaws.", "software.amazon.", "com.azure.", "com.microsoft.sqlserver.", "com.microsoft.azure.",
    "com.squareup.", "okhttp3.", "okio.", "retrofit2.", "feign.", "com.netflix.", "com.hazelcast.", "com.ibm.ws.",
    "com.ibm.db2.", "weblogic.", "oracle.jdbc.", "oracle.sql.", "oracle.net.", "org.postgresql.", "org.mariadb.",
    "org.h2.", "org.hsqldb.", "org.sqlite.", "org.flywaydb.", "liquibase.", "org.jooq.", "org.mybatis.", "org.jdbi.",
    "org.elasticsearch.", "org.opensearch.", "org.mongodb.", "org.neo4j.", "org.quartz.", "org.slf4j.",
    "ch.qos.logback.", "org.glassfish.", "org.jvnet.", "org.thymeleaf.", "freemarker.", "org.yaml.", "org.joda.",
    "org.bouncycastle.", "org.bson.", "org.codehaus.", "org.gradle.", "org.junit.", "junit.", "org.testng.",
    "org.mockito.", "org.assertj.", "org.hamcrest.", "org.reactivestreams.", "org.keycloak.", "org.zalando.",
    "net.bytebuddy.", "net.sf.cglib.", "javassist.", "lombok.", "akka.", "play.", "zio.", "cats.", "fs2.",
    "org.http4s.", "com.typesafe.",
    "com.twitter.finagle.", "com.twitter.util.", "com.linecorp.armeria.", "com.facebook.react.",
    "dagger.", "coil.", "com.bumptech.glide.", "com.graphql.", "graphql.", "nonapi.io.github.classgraph.",
)  # fmt: skip
_JAVA_GENERATED = re.compile(
    r"\$\$(?:Lambda|EnhancerBy|FastClassBy|SpringCGLIB|KeyFactoryBy|Proxy)|\$Proxy\d|_jsp$|GeneratedMethodAccessor\d"
    r"|ByteBuddy\$|\$HibernateProxy\$|_\$\$_jvst|_WeldClientProxy$|_Subclass$"
)

# For languages without a list of their own: signs that no program's own code bears.
_ANY_LIBRARY = re.compile(
    r"/(site-packages|dist-packages|node_modules|gems|vendor/bundle|vendor|go/pkg/mod|usr/local/go/src|\.cargo/registry"
    r"|rustc|rustlib|Pods|\.nuget|\.pub-cache|deps)/|^/?(dart:|package:flutter/)|^(/usr/lib/|/lib/|/System/Library/)"
)


def family_of(language: str, frame: Frame) -> str:
    """The rules that a frame is judged by (`python`, `java`, `native`, ...), or empty. No language: by extension.

    An interpreter's own calls, which crash reports hold, are judged as what they are compiled from.
    """
    known = _FAMILY.get(language, "")
    if language and known not in _INTERPRETED:
        return known
    found = _EXTENSIONS.get(frame.file.partition("?")[0].rpartition(".")[2], "")
    return found if not language or found in _COMPILED else known


def verdict_on(frame: Frame, family: str) -> Verdict:
    """Whose code a frame is. A frame that names neither file nor module belongs to nobody's program."""
    if frame.in_app is not None:
        return OWN if frame.in_app else _BY_CLIENT
    file, module = frame.file, frame.module
    if len(file) + len(module) > _NAME_LIMIT:
        file, module = file[: _NAME_LIMIT // 2], module[: _NAME_LIMIT // 2]
    return _verdict(file, module, family)


@lru_cache(maxsize=8192)
def _verdict(file: str, module: str, family: str) -> Verdict:
    if not file and not module:
        return Verdict(Kind.RUNTIME, "no file")
    if family == "java":
        return _java(file, module)
    path = "/" + file.replace("\\", "/").lstrip("/")
    if family == "python":
        return _python(path, file, module)
    if family == "javascript":
        return _javascript(path, file)
    return _other(path, file, module, family)


def _other(path: str, file: str, module: str, family: str) -> Verdict:
    if family == "go":
        return in_app_compiled.go(path, file, module)
    if family == "csharp":
        return in_app_compiled.csharp(file, module)
    if family == "rust":
        return in_app_compiled.rust(path, module)
    if family in ("swift", "native"):
        return in_app_compiled.native(path, file, module)
    if family == "ruby":
        return in_app_scripts.ruby(path, file)
    if family == "php":
        return in_app_scripts.php(path, file, module)
    if family == "dart":
        return in_app_scripts.dart(file)
    if family == "beam":
        return in_app_scripts.beam(path, module)
    match = _ANY_LIBRARY.search(path)
    return Verdict(Kind.LIBRARY, match[1] or match[2] or match[3]) if match else OWN


def _python(path: str, file: str, module: str) -> Verdict:
    root = module.partition(".")[0]
    if root in _TRACERS:
        return Verdict(Kind.TRACER, root)
    if match := _PYTHON_LIBRARY.search(path):
        owner = path[match.end() :].partition("/")[0]
        return Verdict(Kind.TRACER, owner) if owner in _TRACERS else Verdict(Kind.LIBRARY, match[1])
    if file.startswith("<") and not file.startswith(_PYTHON_OWN_PSEUDO):
        kind = Kind.RUNTIME if file.startswith("<frozen") else Kind.GENERATED
        return Verdict(kind, file[:40])
    if match := _PYTHON_RUNTIME.search(path):
        return Verdict(Kind.RUNTIME, match[1])
    return OWN


def _javascript(path: str, file: str) -> Verdict:
    if not file or (match := _JS_RUNTIME.match(file)):
        return Verdict(Kind.RUNTIME, match[1] if file and match else "no file")
    if "/" not in file and _NODE_CORE.match(file):
        return Verdict(Kind.RUNTIME, "Node")
    if match := _JS_LIBRARY.search(path.partition("?")[0]):
        return Verdict(Kind.LIBRARY, match[1] or match[2])
    if _JS_EXTENSION.match(file):
        return Verdict(Kind.LIBRARY, "browser extension")
    if match := _JS_HOSTS.match(file):
        return Verdict(Kind.LIBRARY, match[1])
    return Verdict(Kind.RUNTIME, "webpack") if _JS_WEBPACK_RUNTIME.match(file) else OWN


def _java(file: str, module: str) -> Verdict:
    if file == "<generated>" or _JAVA_GENERATED.search(module):
        return Verdict(Kind.GENERATED, "proxy or lambda class" if file != "<generated>" else file)
    for kind, prefixes in ((Kind.RUNTIME, _JAVA_RUNTIME), (Kind.TRACER, _JAVA_TRACERS), (Kind.LIBRARY, _JAVA_LIBRARY)):
        if module.startswith(prefixes):
            return Verdict(kind, next(prefix for prefix in prefixes if module.startswith(prefix)))
    return OWN
