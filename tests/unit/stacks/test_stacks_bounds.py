"""No text makes a parser raise or take longer than its length deserves."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from errata.stacks.find import find_in_text
from errata.stacks.model import Relation
from errata.stacks.parse import LIMIT, parse
from growth import assert_linear

LANGUAGES = (
    "",
    "python",
    "java",
    "javascript",
    "kotlin",
    "ruby",
    "go",
    "php",
    "csharp",
    "rust",
    "swift",
    "dart",
    "elixir",
    "c++",
)
PIECES = (
    " ", "\n", "\t", "\r", "\x00", "\x1b[31m", "at ", "    at ", "(", ")", "[", "]", "{", "}", ":", "::1", ",", '"', "'", "|", "+ ",
    "+-+", "-" * 16, " 1 ", '  File "', '", line ', ", in f", "3", "Traceback (most recent call last):\n",
    "  + Exception Group Traceback (most recent call last):\n", "  | ", "KeyError: 'x'", "Error", "Caused by: ", "Suppressed: ",
    "Wrapped by: ", "... 3 more", "a.b.C.d(E.java:4)", "java.lang.Error", "f (x.js:1:2)", "[cause]: ", "[errors]: [", " @ ", "eval at ",
    "async ", "node:", "$", "$$Lambda", "/", "0x", "<anonymous>", "[Previous line repeated 3 more times]", "\\n", "é", "\ud800", "٣",
    "goroutine 1 [running]:\n", "panic: ", "[recovered]", "main.run(...)\n\t/srv/main.go:3 +0x1\n", "created by ", ":in `", ":in '", "from ", "(KeyError)",
    "#0 ", "/a.php(3): ", "{main}", "Next ", "Uncaught ", " in /a.php:3", "Stack trace:\n", "   at A.B(C d) in /e.cs:line 3\n", " ---> ",
    "   --- End of inner exception stack trace ---\n", "---> (Inner Exception #0) ", "thread 'main' panicked at ", "src/a.rs:1:2:\n",
    "   0: a::b\n             at ./a.rs:1:2\n", "Caused by:\n", "Location:\n",
    "#0      Cart.total (package:shop/cart.dart:12:5)\n", "<asynchronous suspension>", "** (KeyError) ", "    (shop 0.1.0) lib/a.ex:3: A.b/1\n",
    '{a,b,1,[{file,"a.erl"},{line,3}]}', "0   Shop   0x0000000104234567 f + 1 (a.swift:2)\n", "Thread 0 Crashed:\n", "#0  0x01 in f (a=1) at a.c:3\n",
    "#00 pc 0000000000012f60  /a.so (f+2)\n", "./a(f+0x1)[0x2]\n", "Fatal error: ", "(most recent call first):\n", '  File "a", line 1 in f\n',
    "The above exception was the direct cause of the following exception:",
)  # fmt: skip
SHAPES = (
    "A.B (c) (at d.cs:1)\n", "A (", ") (at ", "/a.go:1 (0x1)\n\tb: c\n", "[a] ", "[a] a.rb:1:in `b'\n", "#<A: ", "<internal:", "A (b):\n", "A::B (",
    "#0      a (package:b/c.dart:1:2)\n", "#0 a (", "dart:a 1:2  b\n", "a.dart ", "    #00 abs 0a virt 0a _kDartA+0x1\n", "** (A) b\n", "** (", "    (a 1) lib/b.ex:1: C.d/1\n",
    "    A.b(", '{a,b,1,[{file,"a"},{line,1}]},', "{a,b,[", '{file,"', "0   a   0x0123456789 b + 1 (c.swift:1)\n", "0 a 0x", "0 a + 1 in b at c.swift:1:2\n", "1 in ",
    "#0  0x1 in a (b=c) at d.c:1\n", "#0  a (", "#0 0x1 in a ", "    #0 0x1 in a /b.c:1\n", "#00 pc 0123456789ab  /a (b+1)\n", "a(b+0x1)[0x12]\n", "a(", "Fatal error: ",
    "a.swift:1: Fatal error: b\n", "Thread 0 Crashed:\n", "[ra] ", '  File "a", line 1 in b\n(most recent call first):\n', "Exception Type: ", "crashed:",
    "a@http://b/c.js:1:2\n", "a@", "@", "a@b:1:2\n", "@1:2\n", "http://a:1:2\n", "a*", " line 1 > eval", "a/<", "://",
    "main.a(0x1)\n\t/srv/a.go:3 +0x1\n", "a.b(", "(", ")", "(a).b()", "\t/a.go:3\n", "panic: ", "panic: a\n", "\tpanic: a [recovered]\n", "goroutine 1 [",
    "goroutine 1 [running]:\n", "a/", "a.go:1\n\t", "a.rb:1:in `b'\n", "\tfrom a.rb:1:in `b'\n", ":in `a", ":in `", "a:1:in `b': c (D)\n", "A::", " in ",
    "1: from ", "#0 a(1): b()\n", "#0 ", "#0 a(1", "#1 a(1): (", "Next A: b\n", "A in b:1\n", " in a:1", "Uncaught A: ", "#0 {main}\n\nNext ",
    "   at A.B() in /c.cs:line 1\n", "   at A.B(", "  at A", " ---> ", "A: b ---> ", "\n ---> A.BException: c", "   --- End of a ---\n", "[a", "`1", "a+",
    "---> (Inner Exception #0) A.BException: c\n", "Exception: ", "thread 'a' panicked at ", "thread 'a' panicked at 'b', ", "   0: a::b\n",
    "   0: a::b\n             at a.rs:1:2\n", "   1: a\n", "0: ", "::h0", "Error: a\n", "Caused by:\n    0: a\n", "Location:\n    a.rs:1:2\n", "━",
    " ", "\t", "\n", "at ", "at (", "    at \n", "at at.at(", "    at a.b(", "    at a (", "\tat a.b(c.java:1)\n", "    at a (b.js:1:2)\n",
    '  File "', '  File "a", line ', '  File "a", line 1, in f\n', '  File "a", line 1, in f\n    ', "Traceback (most recent call last):\n",
    "  + Exception Group Traceback (most recent call last):\n", "  | ", "  +-+---------------- 1 ----------------\n", "Caused by: ",
    "Caused by: a.B: c\n", "\tSuppressed: a.B\n", "a.", "A.A", "aError", "Error: ", "a.BError: ", "[cause]: Error: a\n", "(", "((", "[", "'", "<", "<a",
    " [as ", " @ ", "eval at ", ":1", "1:", "\x1b[", "\x1b[1;", '"x" ', "a\r\n", "\\n", "    at eval (eval at (", "wrap (a:1:1), ", '  File "a", line 1\n\n',
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=8)), max_size=60).map("".join),
    st.sampled_from(LANGUAGES),
)
def test_no_text_makes_a_parser_raise(text, language):
    trace = parse(text, language)

    assert trace is None or [b.relation for b in trace.blocks].count(Relation.PRIMARY) == 1
    found = find_in_text(text, language)
    assert found is None or (0 <= found.start < found.end <= len(text) and found.trace.primary is not None)


@pytest.mark.parametrize("shape", SHAPES, ids=repr)
def test_time_grows_with_the_length_and_no_faster(shape):
    end = "\nTraceback (most recent call last):\n"

    def text_of(size):
        return "java.lang.Error: x\n" + shape * (size // len(shape))

    def read(text):
        for language in ("python", "java", "javascript", "go"):
            parse(text, language)
            find_in_text(text + end, language)

    assert_linear(read, text_of, LIMIT - 100)


def test_long_text_keeps_both_ends_and_says_so():
    calls = "".join(f'  File "/srv/a{i}.py", line {i}, in f{i}\n    pass\n' for i in range(4000))
    text = f"Traceback (most recent call last):\n{calls}ValueError: far down"

    trace = parse(text)

    assert trace.truncated
    assert trace.primary.type == "ValueError"
    assert trace.primary.frames[0].function == "f3999"
    assert trace.primary.frames[-1].function == "f0"


def test_empty_text_is_no_stack():
    assert parse("") is None
    assert parse(" \n\t\n") is None
    assert find_in_text("") is None
