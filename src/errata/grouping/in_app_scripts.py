"""Whether a call is in the program's own code, for Ruby, PHP, Dart, Elixir and Erlang.

Part of grouping version 1 and frozen with it.
"""

from __future__ import annotations

import re

from errata.grouping.verdict import OWN, Kind, Verdict, by_prefix

_RUBY_LIBRARY = re.compile(r"/(gems|bundler/gems|vendor/bundle|vendor/ruby|vendor/gems|bundle/ruby)/")
_RUBY_RUNTIME = re.compile(
    r"/(lib/ruby/(?:\d|site_ruby|vendor_ruby)|rubies/[^/]*/lib/ruby|ruby/lib|truffleruby/lib|jruby/lib|uri:classloader:)[^/]*"
)
_RUBY_RUNNERS = re.compile(
    r"/bin/(bundle|rails|rake|rackup|puma|unicorn|sidekiq|rspec|spring|irb|ruby|thin|passenger\w*|resque|good_job|solid_queue|foreman)$"
)
_RUBY_TRACERS = (
    "ddtrace",
    "datadog",
    "sentry",
    "opentelemetry",
    "newrelic_rpm",
    "elastic-apm",
    "skylight",
    "scout_apm",
)

_PHP_LIBRARY = re.compile(
    r"/(vendor|wp-includes|wp-admin|core/lib/Drupal|core/modules|core/includes|lib/internal/Cake|pear|PEAR)/|^/?(phar:)|/(wp-settings|wp-load|wp-blog-header)\.php$"
)
_PHP_TRACERS = ("datadog", "sentry", "open-telemetry", "elastic", "newrelic")
_PHP_NAMESPACES = (
    (Kind.TRACER, ("DDTrace\\", "Sentry\\", "OpenTelemetry\\")),
    (Kind.LIBRARY, (
        "Illuminate\\", "Laravel\\", "Symfony\\", "Doctrine\\", "GuzzleHttp\\", "Monolog\\", "Psr\\", "Twig\\",
        "League\\", "PHPUnit\\", "Composer\\", "Carbon\\", "Predis\\", "Zend\\", "Laminas\\", "Cake\\", "Slim\\",
        "yii\\", "Phalcon\\", "Drupal\\Core\\", "Drupal\\Component\\", "Magento\\Framework\\", "TYPO3\\CMS\\",
        "Nette\\", "Latte\\", "Ramsey\\", "Aws\\", "Google\\", "Stripe\\", "Livewire\\", "Filament\\", "Inertia\\",
        "Spatie\\", "React\\", "Amp\\", "Swoole\\", "Hyperf\\", "Mezzio\\", "PhpParser\\", "Pimcore\\",
        "Shopware\\Core\\Framework\\",
    )),
)  # fmt: skip

_DART_RUNTIME = re.compile(r"^(dart:|org-dartlang-\w+:|dart-sdk/|packages/flutter_web_sdk)|/(dart-sdk/lib|bin/cache)/")
_DART_PACKAGE = re.compile(
    r"^package:([\w.]+)/|/(?:\.pub-cache|Pub/Cache)/(?:hosted|git)/(?:[^/]+/)?([\w.]+?)-\d|^packages/([\w.]+)/"
)
_DART_LIBRARIES = frozenset((
    "http", "dio", "bloc", "provider", "riverpod", "hooks_riverpod", "get", "get_it", "rxdart", "async",
    "collection", "stack_trace", "shelf", "shelf_router", "test", "test_api", "matcher", "meta", "path", "intl",
    "json_annotation", "freezed_annotation", "cloud_firestore", "web_socket_channel", "sqflite", "sqflite_common",
    "hive", "isar", "drift", "sqlite3", "go_router", "auto_route", "equatable", "grpc", "protobuf", "mockito",
    "mocktail", "built_value", "built_collection", "chopper", "retrofit", "logging", "logger", "crypto", "uuid",
    "url_launcher", "shared_preferences", "path_provider", "image_picker", "cached_network_image", "graphql",
    "ferry", "gql", "socket_io_client", "video_player", "webview_flutter", "camera", "geolocator", "injectable",
    "mobx", "redux", "vm_service", "dart_frog", "serverpod", "args", "boolean_selector", "pool", "stream_channel",
    "stream_transform", "source_span", "synchronized", "in_app_purchase", "connectivity_plus", "device_info_plus",
    "package_info_plus", "permission_handler",
))  # fmt: skip
_DART_LIBRARY_PREFIXES = ("flutter", "firebase_", "google_", "hydrated_")
_DART_TRACERS = ("datadog", "sentry", "opentelemetry", "bugsnag")

_ELIXIR_RUNTIME = frozenset((
    "Kernel", "Access", "Agent", "Application", "Atom", "Base", "Behaviour", "Bitwise", "Calendar", "Code",
    "Collectable", "Config", "Date", "DateTime", "Dict", "Duration", "DynamicSupervisor", "EEx", "Enum",
    "Enumerable", "Exception", "ExUnit", "File", "Float", "Function", "GenEvent", "GenServer", "HashDict", "HashSet",
    "IEx", "IO", "Inspect", "Integer", "JSON", "Keyword", "List", "Logger", "Macro", "Map", "MapSet", "Mix",
    "Module", "NaiveDateTime", "Node", "OptionParser", "PartitionSupervisor", "Path", "Port", "Process", "Protocol",
    "Range", "Record", "Regex", "Registry", "Set", "Stream", "String", "StringIO", "Supervisor", "System", "Task",
    "Time", "Tuple", "URI", "Version",
))  # fmt: skip
_ELIXIR_LIBRARIES = frozenset((
    "Phoenix", "Plug", "Ecto", "Postgrex", "DBConnection", "MyXQL", "Exqlite", "Tds", "Bandit", "ThousandIsland",
    "Absinthe", "Oban", "Broadway", "Finch", "Mint", "Tesla", "HTTPoison", "HTTPotion", "Req", "Jason", "Poison",
    "Swoosh", "Bamboo", "Redix", "Xandra", "Mongo", "Quantum", "Guardian", "Ueberauth", "GenStage", "Flow",
    "NimblePool", "NimbleOptions", "NimbleParsec", "NimbleCSV", "Timex", "Dataloader", "Horde", "Cluster", "Nx",
    "Explorer", "ExAws", "Kaffe", "BroadwayKafka", "Cachex", "ConCache", "Decimal", "Gettext", "Earmark", "Floki",
    "Faker", "Mox", "Wallaby", "Hound", "Surface", "Ash", "Commanded", "EventStore", "Nerves", "Livebook", "Kino",
    "Money", "Waffle", "Arc", "Rustler", "Membrane", "Telemetry", "WebSock", "WebSockAdapter", "Cowboy", "AMQP",
    "Joken", "Exq", "Sobelow",
))  # fmt: skip
_ELIXIR_TRACERS = (
    "Spandex",
    "OpenTelemetry",
    "OpentelemetryPhoenix",
    "Sentry",
    "NewRelic",
    "Appsignal",
    "Honeybadger",
    "Rollbax",
)
_ERLANG_RUNTIME = frozenset((
    "erlang", "lists", "maps", "ets", "dets", "mnesia", "gen", "gen_server", "gen_statem", "gen_event", "gen_fsm",
    "gen_tcp", "gen_udp", "inet", "proc_lib", "supervisor", "sys", "timer", "shell", "erl_eval", "error_handler",
    "init", "io", "io_lib", "file", "filelib", "filename", "binary", "base64", "crypto", "ssl", "ssh", "httpc",
    "httpc_handler", "http_uri", "re", "string", "unicode", "array", "dict", "gb_trees", "gb_sets", "queue",
    "orddict", "ordsets", "proplists", "sets", "calendar", "logger", "code", "code_server", "application",
    "application_master", "application_controller", "rpc", "erpc", "global", "net_kernel", "qlc", "rand", "random",
    "zlib", "jsone", "eunit_test", "eunit_proc", "ct_util", "test_server", "escript", "elixir", "elixir_compiler",
    "elixir_lexical", "elixir_dispatch", "elixir_expand", "tls_connection", "prim_file", "os",
))  # fmt: skip
_ERLANG_LIBRARIES = (
    "cowboy", "cowlib", "ranch", "hackney", "jiffy", "jsx", "poolboy", "lager", "epgsql", "eredis", "gun",
    "mochiweb", "webmachine", "rabbit", "amqp", "brod", "kpro", "ejabberd", "telemetry", "opentelemetry", "otel",
    "rebar", "meck", "proper", "prometheus", "worker_pool", "wpool", "gproc", "hackney_", "thrift", "couch", "emqx",
    "vmq", "lhttpc", "ibrowse", "yaws", "elli",
)  # fmt: skip
_DEPS = re.compile(r"/(deps|_checkouts|_build/[^/]+/lib)/")


def ruby(path: str, file: str) -> Verdict:
    """`/usr/local/bundle/gems/rack-2.2/...`, `/usr/lib/ruby/3.1.0/json/common.rb`, `<internal:kernel>`."""
    if file.startswith(("<internal:", "<gem_prelude>")):
        return Verdict(Kind.RUNTIME, file[:40])
    if match := _RUBY_LIBRARY.search(path):
        owner = path[match.end() :]
        if "/gems/" in path:
            owner = path[path.rfind("/gems/") + 6 :]
        return Verdict(Kind.TRACER, owner[:40]) if owner.startswith(_RUBY_TRACERS) else Verdict(Kind.LIBRARY, match[1])
    if match := _RUBY_RUNTIME.search(path):
        return Verdict(Kind.RUNTIME, match[1])
    if match := _RUBY_RUNNERS.search(path):
        return Verdict(Kind.LIBRARY, match[1])
    return OWN


def php(path: str, file: str, module: str) -> Verdict:
    """By composer's folder and those of the frameworks that are not installed by it; without a file by namespace."""
    if match := _PHP_LIBRARY.search(path):
        owner = path[match.end() :].partition("/")[0]
        return (
            Verdict(Kind.TRACER, owner)
            if owner in _PHP_TRACERS
            else Verdict(Kind.LIBRARY, match[1] or match[2] or match[3])
        )
    if by_name := by_prefix(f"{module}\\", _PHP_NAMESPACES):
        return by_name
    if not file and "\\" not in module:
        return Verdict(Kind.RUNTIME, "no file")
    return OWN


def dart(file: str) -> Verdict:
    """By package: a program's own and its dependencies' are written alike, so known ones are listed."""
    if match := _DART_RUNTIME.search(file):
        return Verdict(Kind.RUNTIME, match[1] or match[2])
    match = _DART_PACKAGE.search(file)
    if match is None:
        return OWN
    package = match[1] or match[2] or match[3]
    if package.startswith(_DART_TRACERS):
        return Verdict(Kind.TRACER, package)
    is_library = match[2] or package in _DART_LIBRARIES or package.startswith(_DART_LIBRARY_PREFIXES)
    return Verdict(Kind.LIBRARY, package) if is_library else OWN


def beam(path: str, module: str) -> Verdict:
    """Elixir and Erlang: by module, since files are told from the root of their own application."""
    name = module.removeprefix("Elixir.").removeprefix(":")
    root = name.partition(".")[0]
    if match := _DEPS.search(path):
        return Verdict(Kind.LIBRARY, match[1])
    if root in _ELIXIR_TRACERS:
        return Verdict(Kind.TRACER, root)
    if root in _ELIXIR_LIBRARIES or (root[:1].islower() and root.startswith(_ERLANG_LIBRARIES)):
        return Verdict(Kind.LIBRARY, root)
    if root in _ELIXIR_RUNTIME or root in _ERLANG_RUNTIME:
        return Verdict(Kind.RUNTIME, root)
    return OWN
