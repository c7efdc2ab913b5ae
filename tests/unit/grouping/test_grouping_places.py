"""Whose code a call is, which call stands for the error, and what of its names is hashed. Frozen with version 1."""

import pytest

from errata.grouping.frames import normalized_function, place_of
from errata.grouping.in_app import Kind, family_of, verdict_on
from errata.grouping.paths import explained_file, normalized_file, shown_file
from errata.stacks.model import Frame
from errata.stacks.parse import parse

OWN = [
    ("python", "/srv/checkout/catalog.py"),
    ("python", "C:\\shop\\cart.py"),
    ("python", "<stdin>"),
    ("python", "<ipython-input-3-abc>"),
    ("python", "/srv/python3-app/lib/foo.py"),
    ("python", "manage.py"),
    ("javascript", "/srv/storefront/lib/cart.js"),
    ("javascript", "https://shop.example/assets/rum.min.js?v=1"),
    ("javascript", "webpack:///./src/cart.ts"),
    ("javascript", "file:///srv/shop/m.mjs"),
    ("javascript", "server.js"),
    ("go", "/srv/shop/main.go"),
]
OTHERS = [
    ("python", "/srv/venv/lib/python3.11/site-packages/flask/app.py", Kind.LIBRARY),
    ("python", "C:\\shop\\venv\\Lib\\site-packages\\flask\\app.py", Kind.LIBRARY),
    ("python", "/usr/lib/python3/dist-packages/yaml/__init__.py", Kind.LIBRARY),
    ("python", "/venv/lib/python3.11/site-packages/ddtrace/contrib/x.py", Kind.TRACER),
    ("python", "/usr/local/lib/python3.11/json/decoder.py", Kind.RUNTIME),
    ("python", "C:\\Python311\\Lib\\json\\decoder.py", Kind.RUNTIME),
    ("python", "<frozen importlib._bootstrap>", Kind.RUNTIME),
    ("python", "<string>", Kind.GENERATED),
    ("javascript", "/srv/node_modules/express/lib/router.js", Kind.LIBRARY),
    ("javascript", "node_modules/express/lib/router.js", Kind.LIBRARY),
    ("javascript", "C:\\shop\\node_modules\\express\\index.js", Kind.LIBRARY),
    ("javascript", "webpack:///./node_modules/react/index.js?1a2b", Kind.LIBRARY),
    ("javascript", "https://shop.example/js/vendors~main.3f9ab2c1.js", Kind.LIBRARY),
    ("javascript", "https://cdn.jsdelivr.net/npm/vue@3/dist/vue.js", Kind.LIBRARY),
    ("javascript", "chrome-extension://abcdef/inject.js", Kind.LIBRARY),
    ("javascript", "node:internal/process/task_queues", Kind.RUNTIME),
    ("javascript", "internal/modules/cjs/loader.js", Kind.RUNTIME),
    ("javascript", "events.js", Kind.RUNTIME),
    ("javascript", "<anonymous>", Kind.RUNTIME),
    ("go", "/root/go/pkg/mod/github.com/gin-gonic/gin@v1.9/context.go", Kind.LIBRARY),
    ("ruby", "/usr/local/bundle/gems/rack-2.2/lib/rack.rb", Kind.LIBRARY),
]
JAVA = [
    ("com.example.billing.Billing$InvoiceService", Kind.OWN),
    ("Main", Kind.OWN),
    ("java.util.Optional", Kind.RUNTIME),
    ("kotlin.collections.CollectionsKt", Kind.RUNTIME),
    ("scala.Option", Kind.RUNTIME),
    ("org.springframework.web.servlet.DispatcherServlet", Kind.LIBRARY),
    ("datadog.trace.instrumentation.Foo", Kind.TRACER),
    ("com.example.Cart$$EnhancerBySpringCGLIB$$4f1a2b3c", Kind.GENERATED),
    ("com.example.Main$$Lambda$14/0x0000000800c03000", Kind.GENERATED),
    ("com.sun.proxy.$Proxy12", Kind.GENERATED),
]


@pytest.mark.parametrize(("language", "file"), OWN)
def test_own_code(language, file):
    assert verdict_on(Frame("f", file), language).kind is Kind.OWN


@pytest.mark.parametrize(("language", "file", "kind"), OTHERS)
def test_others_code(language, file, kind):
    frame = Frame("f", file)

    verdict = verdict_on(frame, family_of(language, frame))

    assert verdict.kind is kind
    assert verdict.reason.startswith(kind.value)


@pytest.mark.parametrize(("module", "kind"), JAVA)
def test_jvm_classes(module, kind):
    assert verdict_on(Frame("run", "X.java", module), "java").kind is kind


def test_what_the_client_says_of_a_frame_wins():
    assert verdict_on(Frame("f", "/x/site-packages/mine.py", in_app=True), "python").kind is Kind.OWN
    assert verdict_on(Frame("f", "/srv/shop/generated.py", in_app=False), "python").kind is Kind.CLIENT


FILES = [
    ("python", "/srv/checkout/catalog.py", "catalog.py"),
    ("python", "/app/catalog.py", "catalog.py"),
    ("python", "/opt/checkout-1.5.0/catalog.py", "catalog.py"),
    ("python", "/home/deploy/releases/20261120163712/checkout/catalog.py", "catalog.py"),
    ("python", "/var/www/mart/releases/77/cart/total.py", "mart/cart/total.py"),
    ("python", "/var/www/mart/current/cart/total.py", "mart/cart/total.py"),
    ("python", "/srv/mart/releases/views.py", "mart/releases/views.py"),
    ("python", "/srv/mart/releases/notes/views.py", "mart/releases/notes/views.py"),
    ("python", "C:\\Users\\bob\\work\\checkout\\catalog.py", "catalog.py"),
    ("python", "/tmp/tmpab12x/pkg/x.py", "pkg/x.py"),  # noqa: S108
    ("python", "/app/api/v1/users.py", "api/v1/users.py"),
    ("python", "/app/api/v2/users.py", "api/v2/users.py"),
    ("python", "/app/migrations/0042_add.py", "migrations/0042_add.py"),
    ("python", "/srv/a/b/c/d/e/f.py", "c/d/e/f.py"),
    ("javascript", "https://shop.example/assets/1.0.0/rum.min.js?v=1#x", "assets/rum.min.js"),
    ("javascript", "https://other.example/assets/1.1.0/rum.min.js", "assets/rum.min.js"),
    ("javascript", "https://x/static/js/main.3f9ab2c1.chunk.js", "static/js/main.chunk.js"),
    ("javascript", "https://x/assets/index-BX3k9f_a.js", "assets/index.js"),
    ("javascript", "https://x/assets/index-DdvbxkDG.js", "assets/index.js"),
    ("javascript", "https://x/assets/user-Settings.js", "assets/user-Settings.js"),
    ("javascript", "webpack:///./src/cart.ts?9c1d", "cart.ts"),
    ("javascript", "file:///srv/shop/m.mjs", "shop/m.mjs"),
]


@pytest.mark.parametrize(("language", "file", "hashed"), FILES)
def test_hashed_file_is_the_same_in_every_deploy(language, file, hashed):
    frame = Frame("f", file)

    assert normalized_file(frame, language, "checkout") == hashed
    assert explained_file(frame, language, "checkout")[0] == hashed


@pytest.mark.parametrize(
    ("language", "frame", "shown"),
    [
        ("python", Frame("f", "/srv/checkout/catalog.py"), "/srv/checkout/catalog.py"),
        ("javascript", Frame("f", "file:///srv/shop/m.mjs"), "/srv/shop/m.mjs"),
        ("javascript", Frame("f", "https://x/assets/1.0.0/a.js?v=1"), "https://x/assets/1.0.0/a.js"),
        ("javascript", Frame("f", "webpack://shop/./src/cart.ts?9c1d"), "src/cart.ts"),
        (
            "java",
            Frame("send", "Billing.java", "com.example.billing.Billing$Service"),
            "com/example/billing/Billing.java",
        ),
        ("java", Frame("run", "Unknown Source", "a.b.Main$1"), "a/b/Main"),
        ("java", Frame("main", "Main.java", "Main"), "Main.java"),
    ],
)
def test_shown_file_is_readable(language, frame, shown):
    assert shown_file(frame, language) == shown


@pytest.mark.parametrize(
    ("language", "name", "hashed"),
    [
        ("python", "price_of", "price_of"),
        ("python", "step1", "step1"),
        ("python", "parse_lambda2", "parse_lambda2"),
        ("java", "Cart.lambda$2", "Cart.lambda"),
        ("python", "<genexpr>", "<genexpr>"),
        ("java", "Billing$Service.lambda$total$0", "Billing$Service.lambda$total"),
        ("java", "Cart$1.run", "Cart$.run"),
        ("java", "Cart$$EnhancerBySpringCGLIB$$ab12.get", "Cart.get"),
        ("java", "<init>", "<init>"),
        ("javascript", "async outer", "outer"),
        ("javascript", "Object.<anonymous>", "<anonymous>"),
        ("javascript", "Layer.handle [as handle_request]", "Layer.handle"),
        ("javascript", "Timeout.flush", "flush"),
        ("javascript", "module.exports.run", "run"),
        ("javascript", "Cart.add", "Cart.add"),
        ("javascript", "add$1", "add"),
        ("", "Foo<Bar<Baz>>::run", "Foo::run"),
        ("", "foo+0x1f", "foo"),
    ],
)
def test_hashed_function(language, name, hashed):
    assert normalized_function(name, language) == hashed


LIBRARY = '  File "/v/lib/python3.11/site-packages/lib/core.py", line 9, in call\n'
RUNTIME = '  File "/usr/lib/python3.11/json/decoder.py", line 355, in raw_decode\n'
HEADER = "Traceback (most recent call last):\n"
DIRECT = "\nThe above exception was the direct cause of the following exception:\n\n"
DURING = "\nDuring handling of the above exception, another exception occurred:\n\n"


def own(name):
    return f'  File "/srv/shop/{name}.py", line 3, in {name}\n'


PLACES = {
    "crash side of the program's own calls": (HEADER + own("outer") + own("inner") + LIBRARY + "E: x", "inner"),
    "the program raised it from another one": (
        HEADER + own("deep") + "KeyError: 1" + "\n" + DIRECT + HEADER + own("wrap") + "E: x",
        "wrap",
    ),
    "the program raised it through the standard library": (
        HEADER + own("deep") + "KeyError: 1\n" + DIRECT + HEADER + own("wrap") + RUNTIME + "E: x",
        "wrap",
    ),
    "a library wrapped what the program raised": (
        HEADER + own("callback") + "KeyError: 1\n" + DIRECT + HEADER + own("outer") + LIBRARY + "lib.E: x",
        "callback",
    ),
    "a library wrapped what a library raised": (
        HEADER + LIBRARY + "KeyError: 1\n" + DIRECT + HEADER + own("outer") + LIBRARY + "lib.E: x",
        "outer",
    ),
    "an exception that was only being handled says nothing": (
        HEADER + own("first") + "KeyError: 1\n" + DURING + HEADER + own("second") + LIBRARY + "lib.E: x",
        "second",
    ),
    "no call of its own": (HEADER + LIBRARY + RUNTIME + "E: x", "raw_decode"),
    "own call only in the cause": (
        HEADER + own("deep") + "KeyError: 1\n" + DIRECT + HEADER + LIBRARY + "lib.E: x",
        "deep",
    ),
}


@pytest.mark.parametrize(("text", "function"), PLACES.values(), ids=PLACES)
def test_place_of_python(text, function):
    place = place_of(parse(text).blocks, "python")

    assert place.frame.function == function


def test_place_of_a_group_of_one_is_its_member():
    text = (
        f"  + Exception Group Traceback (most recent call last):\n  | {own('scope')}"
        '  |   File "/usr/lib/python3.11/asyncio/taskgroups.py", line 145, in __aexit__\n'
        "  | ExceptionGroup: unhandled errors in a TaskGroup (1 sub-exception)\n"
        f"  +-+---------------- 1 ----------------\n    | {HEADER}    | {own('task')}    | ValueError: x\n    +------------------------------------"
    )

    assert place_of(parse(text).blocks, "python").frame.function == "task"


def test_place_of_java_wrappers_of_the_language_is_in_their_cause():
    text = (
        "java.util.concurrent.ExecutionException: java.lang.IllegalStateException: no\n"
        "\tat java.base/java.util.concurrent.FutureTask.get(FutureTask.java:191)\n"
        "\tat com.example.Main.main(Main.java:3)\n"
        "Caused by: java.lang.IllegalStateException: no\n"
        "\tat com.example.Job.work(Job.java:9)\n\t... 3 more"
    )

    assert place_of(parse(text).blocks, "java").frame.function == "work"


def test_place_of_java_framework_wrapper_is_in_its_cause():
    text = (
        "org.springframework.web.util.NestedServletException: failed\n"
        "\tat org.springframework.web.servlet.FrameworkServlet.processRequest(FrameworkServlet.java:1014)\n"
        "\tat com.example.web.TimingFilter.doFilter(TimingFilter.java:22)\n"
        "Caused by: java.lang.IllegalStateException: no stock\n"
        "\tat com.example.Stock.reserve(Stock.java:41)"
    )

    assert place_of(parse(text).blocks, "java").frame.function == "reserve"


def test_no_call_is_no_place():
    assert place_of(parse("KeyError: 'x'", "python").blocks, "python") is None
