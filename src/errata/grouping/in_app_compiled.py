"""Whether a call is in the program's own code, for Go, .NET, Rust, Swift, Objective-C, C and C++.

Part of grouping version 1 and frozen with it.
"""

from __future__ import annotations

import re

from errata.grouping.verdict import OWN, Kind, Verdict, by_prefix

# Packages of Go's standard library, by the first part of their path.
_GO_STANDARD = frozenset((
    "archive", "arena", "bufio", "bytes", "cmp", "compress", "container", "context", "crypto", "database", "debug",
    "embed", "encoding", "errors", "expvar", "flag", "fmt", "go", "hash", "html", "image", "index", "internal", "io",
    "iter", "log", "maps", "math", "mime", "net", "os", "path", "plugin", "reflect", "regexp", "runtime", "slices",
    "sort", "strconv", "strings", "structs", "sync", "syscall", "testing", "text", "time", "unicode", "unique",
    "unsafe", "weak",
))  # fmt: skip
_GO_ROOT = re.compile(r"/(?:go|golang|libexec|sdk|x64|Go|toolchain@[^/]*|go-?\d[\w.-]*)/src/([a-z]+)(?:/|$)")
_GO_LIBRARY = re.compile(r"/(pkg/mod|vendor)/|[^/](@v\d)[^/]*/", re.IGNORECASE)
_GO_TRACERS = (
    "gopkg.in/DataDog/", "github.com/DataDog/", "go.opentelemetry.io/", "github.com/getsentry/",
    "github.com/newrelic/", "go.elastic.co/apm",
)  # fmt: skip

_NET = (
    (Kind.RUNTIME, (
        "System.", "Interop.", "Internal.", "MS.Internal.", "Microsoft.FSharp.", "FSharp.", "Mono.",
        "Microsoft.CSharp.", "Microsoft.VisualBasic.", "Microsoft.Win32.", "UnityEngine.", "UnityEditor.",
        "Java.Interop.",
    )),
    (Kind.TRACER, ("Datadog.", "OpenTelemetry.", "Sentry.", "NewRelic.", "Elastic.Apm.")),
    (Kind.LIBRARY, (
        "Microsoft.", "Newtonsoft.", "Dapper.", "Npgsql.", "MySql.", "MySqlConnector.", "MongoDB.", "StackExchange.",
        "Serilog.", "NLog.", "log4net.", "AutoMapper.", "MediatR.", "Polly.", "Grpc.", "Google.", "Amazon.", "Azure.",
        "RabbitMQ.", "MassTransit.", "Hangfire.", "Quartz.", "NHibernate.", "FluentValidation.", "Autofac.", "Castle.",
        "Ninject.", "StructureMap.", "Swashbuckle.", "NSwag.", "IdentityServer4.", "IdentityModel.", "Duende.",
        "RestSharp.", "Refit.", "Flurl.", "Confluent.", "Elasticsearch.", "Elastic.", "Nest.", "Orleans.", "Akka.",
        "Xunit.", "NUnit.", "Moq.", "JetBrains.", "Oracle.", "ServiceStack.", "Nancy.", "Topshelf.", "Rebus.",
        "NServiceBus.", "HotChocolate.", "GraphQL.", "Giraffe.", "Marten.", "Xamarin.", "Avalonia.", "ReactiveUI.",
        "Steeltoe.", "Ocelot.", "Yarp.", "Volo.Abp.", "DotNetty.", "Cysharp.", "MessagePack.", "ProtoBuf.", "Spectre.",
    )),
)  # fmt: skip
_NET_GENERATED = re.compile(
    r"^lambda_method|^\(wrapper|^DynamicClass|^CallSite\.|\.Proxies\.|Proxy_[0-9a-f]|__DynamicallyInvokable"
)

_RUST_RUNTIME_PATH = re.compile(
    r"^/+(rustc)/|/(rustlib|library)/(?:src|std|core|alloc|test|proc_macro|backtrace|panic_\w+)/|^[./]*/(csu|sysdeps|nptl)/"
)
_RUST_LIBRARY = re.compile(r"/(\.?cargo/(?:registry|git)|registry/src|git/checkouts|vendor)/")
_RUST_RUNTIME = frozenset((
    "std", "core", "alloc", "test", "proc_macro", "backtrace", "panic_unwind", "panic_abort", "__rustc",
    "compiler_builtins", "rust_begin_unwind", "addr2line", "gimli", "rustc_demangle",
))  # fmt: skip
_RUST_CRATES = frozenset((
    "anyhow", "eyre", "color_eyre", "thiserror", "tokio", "async_std", "smol", "futures", "futures_core",
    "futures_util", "futures_executor", "futures_channel", "actix_web", "actix_http", "actix_rt", "actix_server",
    "actix_service", "axum", "axum_core", "hyper", "hyper_util", "tower", "tower_http", "tower_service", "tonic",
    "warp", "rocket", "tide", "poem", "reqwest", "h2", "rustls", "native_tls", "serde", "serde_json", "serde_yaml",
    "toml", "diesel", "sqlx", "sqlx_core", "sea_orm", "postgres", "tokio_postgres", "redis", "mongodb", "rusqlite",
    "rayon", "rayon_core", "crossbeam", "crossbeam_channel", "parking_lot", "once_cell", "lazy_static", "regex",
    "chrono", "time", "clap", "structopt", "log", "env_logger", "bytes", "mio", "hashbrown", "itertools", "rand",
    "uuid", "bevy_ecs", "bevy_app", "wasm_bindgen", "async_trait", "async_graphql", "juniper", "lambda_runtime",
    "aws_sdk_s3",
))  # fmt: skip
_RUST_TRACERS = ("sentry", "opentelemetry", "datadog", "tracing", "ddtrace")

_SYSTEM_IMAGES = frozenset((
    "UIKit", "UIKitCore", "AppKit", "Foundation", "CoreFoundation", "CoreData", "CoreGraphics", "CoreLocation",
    "CoreText", "CoreMotion", "CoreImage", "CoreVideo", "CoreMedia", "CoreAudio", "CoreBluetooth", "CoreServices",
    "CoreAutoLayout", "QuartzCore", "SwiftUI", "SwiftUICore", "AttributeGraph", "Combine", "CFNetwork",
    "GraphicsServices", "FrontBoardServices", "BoardServices", "BackBoardServices", "WebKit", "WebCore",
    "JavaScriptCore", "AVFoundation", "AVFCore", "AudioToolbox", "MediaToolbox", "Metal", "MetalKit", "SceneKit",
    "SpriteKit", "ARKit", "GameKit", "MapKit", "GeoServices", "PhotosUI", "Photos", "StoreKit", "UserNotifications",
    "Security", "Network", "SystemConfiguration", "ImageIO", "IOKit", "IOSurface", "Accelerate", "vImage", "HIToolbox",
    "dyld", "dyld_sim", "ViewBridge", "RunningBoardServices", "WatchKit", "ClockKit", "SwiftData", "libobjc",
))  # fmt: skip
_SYSTEM_PATH = re.compile(
    r"^/?/(usr/lib|usr/include|usr/libexec|usr/src|lib|lib64|System/Library|Library/Apple|Applications/Xcode[^/]*"
    r"|Library/Developer|AppleInternal|apex|system|vendor/lib\w*|build/glibc[^/]*)/"
    r"|^[./]*/(csu|sysdeps|nptl|stdlib|string|io|malloc|debug|elf|sunrpc)/|(?:^|/)(lib(?:c|m|stdc\+\+|gcc_s|pthread|dl)[-.][\w.+-]*|ld-[\w.-]+\.so[\d.]*|linux-vdso[\w.]*)$"
)
_NATIVE_LIBRARY = re.compile(
    r"/(Pods|Carthage|SourcePackages|\.build/checkouts|third_party|third-party|node_modules|vcpkg|conan|_deps|vendor)/"
)
_SWIFT_RUNTIME = re.compile(
    r"^/?(Swift|_Concurrency|Foundation|Dispatch)/[^/]+\.swift$|/swift/stdlib/|^/?<compiler-generated>"
)
_SWIFT_LIBRARIES = frozenset((
    "Alamofire", "AFNetworking", "SDWebImage", "Kingfisher", "RxSwift", "RxCocoa", "RealmSwift", "Realm", "Lottie",
    "SnapKit", "Vapor", "NIO", "NIOCore", "NIOPosix", "NIOHTTP1", "Fluent", "Logging", "GRPC", "ReactiveSwift",
    "PromiseKit", "Moya", "Apollo", "GRDB", "Nimble", "Quick", "XCTest", "hermes", "React", "Flutter", "UnityFramework",
))  # fmt: skip
_NATIVE_TRACERS = (
    "Datadog",
    "Sentry",
    "Crashlytics",
    "FirebaseCrashlytics",
    "Bugsnag",
    "NewRelic",
    "OpenTelemetry",
    "KSCrash",
)


def go(path: str, file: str, module: str) -> Verdict:
    """`runtime/panic.go`, `/usr/local/go/src/net/http/server.go`, `/go/pkg/mod/github.com/...@v1.2.3/x.go`."""
    name = module or file
    for tracer in _GO_TRACERS:
        if name.startswith(tracer) or f"/{tracer.lower()}" in path.lower():
            return Verdict(Kind.TRACER, tracer)
    if match := _GO_LIBRARY.search(path):
        return Verdict(Kind.LIBRARY, match[1] or "version in the path")
    if file.endswith(("_cgo_gotypes.go", "_testmain.go")) or file == "<autogenerated>":
        return Verdict(Kind.GENERATED, file)
    if (match := _GO_ROOT.search(path)) and (match[1] in _GO_STANDARD or match[1] == "vendor"):
        return Verdict(Kind.RUNTIME, match[1])
    root = name.partition("/")[0]
    if root in _GO_STANDARD and (not module or not file or file.startswith(f"{module}/")):
        return Verdict(Kind.RUNTIME, root)
    return OWN


def csharp(file: str, module: str) -> Verdict:
    """By namespace; compiled code tells files only where it was built with symbols."""
    if not module:
        return OWN if file else Verdict(Kind.RUNTIME, "no file")
    if match := _NET_GENERATED.search(module):
        return Verdict(Kind.GENERATED, match[0])
    return by_prefix(f"{module}.", _NET) or OWN


def rust(path: str, module: str) -> Verdict:
    """By where cargo keeps crates; without a path by the crate's name."""
    if module in _RUST_TRACERS:
        return Verdict(Kind.TRACER, module)
    if match := _RUST_LIBRARY.search(path):
        owner = path[match.end() :]
        tracer = next((name for name in _RUST_TRACERS if f"/{name}-" in f"/{owner}"), "")
        return Verdict(Kind.TRACER, tracer) if tracer else Verdict(Kind.LIBRARY, match[1])
    if match := _RUST_RUNTIME_PATH.search(path):
        return Verdict(Kind.RUNTIME, match[1] or match[2] or match[3])
    if path == "/":
        if module in _RUST_RUNTIME:
            return Verdict(Kind.RUNTIME, module)
        if module in _RUST_CRATES:
            return Verdict(Kind.LIBRARY, module)
    return OWN


def native(path: str, file: str, module: str) -> Verdict:
    """By where the source or the loaded file lies, on Apple's systems by the name of the image."""
    if module.startswith(_NATIVE_TRACERS):
        return Verdict(Kind.TRACER, module)
    if module in _SYSTEM_IMAGES or (module.startswith("lib") and ".dylib" in module):
        return Verdict(Kind.RUNTIME, module)
    if module in _SWIFT_LIBRARIES:
        return Verdict(Kind.LIBRARY, module)
    if match := _SWIFT_RUNTIME.search(file) if file else None:
        return Verdict(Kind.RUNTIME, match[0])
    if match := _NATIVE_LIBRARY.search(path):
        return Verdict(Kind.LIBRARY, match[1])
    for place in (path, f"/{module}"):
        if match := _SYSTEM_PATH.search(place):
            return Verdict(Kind.RUNTIME, match[1] or match[2] or match[3])
    return OWN
