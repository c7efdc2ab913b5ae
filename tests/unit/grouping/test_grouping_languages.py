"""Whose code a call is and what its function is called, in the languages beside Python, Java and JavaScript."""

import json
import os
from pathlib import Path

import pytest

from errata.events.model import Event, Intake, Track
from errata.grouping.frames import function_in_class, normalized_function
from errata.grouping.in_app import Kind, family_of, verdict_on
from errata.grouping.paths import normalized_file
from errata.grouping.v1 import explain, group
from errata.stacks.model import Frame
from errata.stacks.parse import parse

STACKS = Path(__file__).parents[2] / "golden" / "stacks"
PLACES = Path(__file__).parents[2] / "golden" / "grouping" / "languages.v1.json"
NAMES = [
    path.stem
    for path in sorted(STACKS.glob("*.txt"))
    if path.stem.partition("-")[0] not in ("python", "java", "javascript", "none")
]
WITHOUT_OWN_CALLS = ("dart-obfuscated", "rust-in-a-crate")

CALLS = [
    ("go", "/srv/shop/cart/cart.go", "example.com/shop/cart", Kind.OWN),
    ("go", "/root/go/src/github.com/acme/shop/cart.go", "github.com/acme/shop", Kind.OWN),
    ("go", "/builds/log/cart.go", "log/cart", Kind.OWN),
    ("go", "/usr/local/go/src/net/http/server.go", "net/http", Kind.RUNTIME),
    ("go", "/usr/lib/go-1.19/src/runtime/panic.go", "runtime", Kind.RUNTIME),
    ("go", "/opt/hostedtoolcache/go/1.22.1/x64/src/encoding/json/decode.go", "", Kind.RUNTIME),
    ("go", "C:/Program Files/Go/src/runtime/panic.go", "", Kind.RUNTIME),
    ("go", "net/http/server.go", "net/http", Kind.RUNTIME),
    ("go", "/go/pkg/mod/github.com/gin-gonic/gin@v1.9.1/context.go", "github.com/gin-gonic/gin", Kind.LIBRARY),
    ("go", "github.com/gin-gonic/gin@v1.9.1/context.go", "github.com/gin-gonic/gin", Kind.LIBRARY),
    ("go", "/srv/shop/vendor/github.com/lib/pq/conn.go", "github.com/lib/pq", Kind.LIBRARY),
    (
        "go",
        "/go/pkg/mod/gopkg.in/!data!dog/dd-trace-go.v1@v1.60.0/x.go",
        "gopkg.in/DataDog/dd-trace-go.v1",
        Kind.TRACER,
    ),
    ("go", "_cgo_gotypes.go", "main", Kind.GENERATED),
    ("ruby", "/srv/shop/app/models/cart.rb", "", Kind.OWN),
    ("ruby", "bin/run", "", Kind.OWN),
    ("ruby", "/usr/local/bundle/gems/rack-2.2.8/lib/rack.rb", "", Kind.LIBRARY),
    ("ruby", "/srv/shop/vendor/bundle/ruby/3.2.0/gems/pg-1.5/lib/pg.rb", "", Kind.LIBRARY),
    ("ruby", "/usr/local/bundle/gems/ddtrace-1.2/lib/x.rb", "", Kind.TRACER),
    ("ruby", "/usr/lib/ruby/3.1.0/json/common.rb", "", Kind.RUNTIME),
    ("ruby", "<internal:kernel>", "", Kind.RUNTIME),
    ("ruby", "/usr/local/bundle/bin/puma", "", Kind.LIBRARY),
    ("php", "/srv/shop/app/Cart.php", "App\\Cart", Kind.OWN),
    ("php", "", "App\\Cart", Kind.OWN),
    ("php", "/srv/shop/vendor/laravel/framework/src/x.php", "Illuminate\\Routing\\Controller", Kind.LIBRARY),
    ("php", "/srv/shop/vendor/sentry/sentry/src/x.php", "Sentry\\Hub", Kind.TRACER),
    ("php", "", "Illuminate\\Container\\Container", Kind.LIBRARY),
    ("php", "", "PDO", Kind.RUNTIME),
    ("php", "/var/www/wp-includes/plugin.php", "WP_Hook", Kind.LIBRARY),
    ("csharp", "", "Shop.Cart", Kind.OWN),
    ("csharp", "/src/Cart.cs", "Program", Kind.OWN),
    ("csharp", "", "Systems.Cart", Kind.OWN),
    ("csharp", "", "System.Linq.Enumerable", Kind.RUNTIME),
    ("dotnet", "", "Microsoft.AspNetCore.Mvc.Infrastructure.ActionMethodExecutor", Kind.LIBRARY),
    ("csharp", "", "Datadog.Trace.ClrProfiler.X", Kind.TRACER),
    ("rust", "./src/cart.rs", "shop", Kind.OWN),
    ("rust", "", "shop", Kind.OWN),
    ("rust", "/rustc/59807616e1fa/library/core/src/option.rs", "core", Kind.RUNTIME),
    ("rust", "", "core", Kind.RUNTIME),
    ("rust", "", "tokio", Kind.LIBRARY),
    ("rust", "/home/ci/.cargo/registry/src/index.crates.io-6f17/tokio-1.38.0/src/x.rs", "tokio", Kind.LIBRARY),
    ("rust", "/home/ci/.cargo/git/checkouts/shop-lib-1a2b/src/x.rs", "shop_lib", Kind.LIBRARY),
    ("swift", "/Users/ci/Shop/Cart.swift", "Shop", Kind.OWN),
    ("swift", "Cart.swift", "Shop", Kind.OWN),
    ("swift", "", "UIKitCore", Kind.RUNTIME),
    ("swift", "", "libswiftCore.dylib", Kind.RUNTIME),
    ("swift", "Swift/ContiguousArrayBuffer.swift", "", Kind.RUNTIME),
    ("swift", "", "Alamofire", Kind.LIBRARY),
    ("swift", "/Users/ci/Shop/Pods/Moya/x.swift", "Shop", Kind.LIBRARY),
    ("c++", "/src/cart.cpp", "", Kind.OWN),
    ("c", "../sysdeps/nptl/libc_start_call_main.h", "", Kind.RUNTIME),
    ("cpp", "", "/lib/x86_64-linux-gnu/libc.so.6", Kind.RUNTIME),
    ("cpp", "/usr/include/c++/12/bits/stl_vector.h", "", Kind.RUNTIME),
    ("cpp", "/src/third_party/abseil/x.cc", "", Kind.LIBRARY),
    ("dart", "package:shop/cart.dart", "", Kind.OWN),
    ("dart", "dart:async/zone.dart", "", Kind.RUNTIME),
    ("dart", "package:flutter/src/widgets/framework.dart", "", Kind.LIBRARY),
    ("dart", "/home/ci/.pub-cache/hosted/pub.dev/foo-1.0.0/lib/foo.dart", "", Kind.LIBRARY),
    ("python", "/usr/src/Python-3.11.7/Modules/_ctypes/_ctypes.c", "", Kind.RUNTIME),
    ("javascript", "./io/../sysdeps/unix/sysv/linux/poll.c", "", Kind.RUNTIME),
    ("ruby", "/srv/shop/ext/cart/cart.c", "", Kind.OWN),
    ("elixir", "lib/shop/cart.ex", "Shop.Cart", Kind.OWN),
    ("elixir", "lib/enum.ex", "Enum", Kind.RUNTIME),
    ("elixir", "lib/phoenix/router.ex", "Phoenix.Router", Kind.LIBRARY),
    ("elixir", "gen_server.erl", ":gen_server", Kind.RUNTIME),
    ("elixir", "src/cowboy_handler.erl", ":cowboy_handler", Kind.LIBRARY),
    ("erlang", "src/shop_cart.erl", "shop_cart", Kind.OWN),
    ("erlang", "/srv/shop/deps/jiffy/src/jiffy.erl", "jiffy", Kind.LIBRARY),
    ("erlang", "gen_server.erl", "gen_server", Kind.RUNTIME),
]
FUNCTIONS = [
    ("go", "", "(*Cart).Nth", "(*Cart).Nth"),
    ("go", "", "run.func1", "run"),
    ("go", "", "run.func1.2", "run"),
    ("go", "", "(*Cart).Nth-fm", "(*Cart).Nth"),
    ("go", "", "Generic[...]", "Generic"),
    ("go", "", "Generic[go.shape.int_0].func1", "Generic"),
    ("ruby", "", "block (2 levels) in run", "run"),
    ("ruby", "", "block in rescue in price", "price"),
    ("ruby", "", "Shop::Cart#total", "total"),
    ("ruby", "", "Shop::Cart.load", "load"),
    ("ruby", "", "<main>", "<main>"),
    ("ruby", "", "_app_views_carts_show_html_erb___1234567890123_4560", "_app_views_carts_show_html_erb"),
    ("php", "Shop\\Cart", "total", "total"),
    ("php", "", "Shop\\Cart->total", "total"),
    ("php", "", "{closure:Shop\\Cart::total():12}", "{closure}"),
    ("php", "", "App\\{closure}", "{closure}"),
    ("csharp", "Shop.Cart", "Total", "Total"),
    ("csharp", "Shop.Cart", "First[TSource]", "First"),
    ("csharp", "Shop.Cart+<TotalAsync>d__5", "MoveNext", "TotalAsync"),
    ("csharp", "Shop.Cart.<TotalAsync>d__5`1", "MoveNext", "TotalAsync"),
    ("csharp", "Shop.Cart.<>c__DisplayClass3_0", "<Total>b__0", "Total"),
    ("csharp", "Shop.Cart", "<Total>g__Inner|7_0[T]", "Inner"),
    ("csharp", "Program", "<Main>$", "Main"),
    ("csharp", "Shop.Cart`1+<Price>c__AnonStorey1[T]", "<>m__0", "Price"),
    ("csharp", "Shop.Cart", ".ctor", ".ctor"),
    ("csharp", "Shop.Cart", "System.IDisposable.Dispose", "Dispose"),
    ("rust", "", "shop::cart::Cart<T>::total::{{closure}}", "shop::cart::Cart::total"),
    ("rust", "", "shop::main::{closure#0}::{closure#1}", "shop::main"),
    ("rust", "", "shop[e28293b1aa0f68bd]::cart::load::<shop[e28293b1aa0f68bd]::Price>", "shop::cart::load"),
    ("rust", "", "shop::cart::total::h0123456789abcdef", "shop::cart::total"),
    ("swift", "Shop", "closure #1 in Cart.total(of:)", "Cart.total(of:)"),
    ("swift", "Shop", "closure #1 () -> () in Cart.total(of:)", "Cart.total(of:)"),
    ("swift", "Shop", "partial apply for specialized static Cart.load()", "Cart.load()"),
    ("swift", "Shop", "(2) suspend resume partial function for Cart.load()", "Cart.load()"),
    ("swift", "Shop", "$s4Shop4CartC5totalSiyF", "$s4Shop4CartC5totalSiyF"),
    ("c++", "", "shop::Cart<int>::nth(int) const", "shop::Cart::nth"),
    ("c++", "", "(anonymous namespace)::run(std::vector<int>&)", "(anonymous namespace)::run"),
    ("c++", "", "Job::operator()(int)", "Job::operator()"),
    ("c", "", "total.isra.0", "total"),
    ("dart", "", "Cart.total.<anonymous closure>.<anonymous closure>", "Cart.total"),
    ("dart", "", "_Cart@123456.total", "_Cart.total"),
    ("dart", "", "new Cart", "Cart"),
    ("elixir", "Shop.Cart", "total/1", "total/1"),
    ("elixir", "Shop.Cart", "anonymous fn/1 in Shop.Cart.total/1", "total/1"),
    ("elixir", "Enum", '"-map/2-lists^map/1-0-"/2', "map/2"),
    ("elixir", "Shop.Cart", "Shop.Cart.total/1", "total/1"),
]  # fmt: skip


@pytest.mark.parametrize(("language", "file", "module", "kind"), CALLS)
def test_whose_code_a_call_is(language, file, module, kind):
    frame = Frame("f", file, module)

    verdict = verdict_on(frame, family_of(language, frame))

    assert verdict.kind is kind
    assert verdict.reason.startswith(kind.value)


@pytest.mark.parametrize(("language", "module", "name", "hashed"), FUNCTIONS)
def test_hashed_function_is_the_one_that_was_written(language, module, name, hashed):
    frame = Frame(name, "", module)
    family = family_of(language, frame)

    assert normalized_function(function_in_class(frame, family), family) == hashed


def test_firefox_and_chrome_call_a_nameless_function_alike():
    assert normalized_function("total/<", "javascript") == "<anonymous>"
    assert normalized_function("total/</inner", "javascript") == "inner"


def test_type_without_a_file_stands_for_it_in_net():
    frame = Frame("<Total>b__0", "", "Shop.Cart`1+<>c__DisplayClass3_0[T]")

    assert normalized_file(frame, "csharp", "checkout") == "Shop/Cart"


@pytest.mark.parametrize("name", NAMES)
def test_version_1_places_each_language_as_recorded(name):
    trace = parse((STACKS / f"{name}.txt").read_text(encoding="utf-8"))
    event = Event(entry=0, received_at=0, track=Track.LOGS, intake=Intake.DD_LOGS, service="checkout")

    grouping = group(event, trace)

    answers = json.loads(PLACES.read_text(encoding="utf-8")) if PLACES.exists() else {}
    answer = {
        "fingerprint": str(grouping.fingerprint),
        "parts": dict(grouping.parts),
        "file_path": grouping.file_path,
        "function_name": grouping.function_name,
    }
    if os.environ.get("ERRATA_REWRITE_GOLDEN"):
        answers[name] = answer
        PLACES.write_text(json.dumps(answers, indent=1, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8")
    assert answers[name] == answer
    assert grouping.has_in_app is (name not in WITHOUT_OWN_CALLS)
    assert explain(event, trace).fingerprint == grouping.fingerprint
