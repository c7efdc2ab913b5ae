"""Names of languages: from what events carry (lower case) to the 27 values of the API."""

from __future__ import annotations

_SPECIAL = {
    "c++": "C_PLUS_PLUS",
    "cpp": "C_PLUS_PLUS",
    "csharp": "C_SHARP",
    "c#": "C_SHARP",
    "dotnet": "DOT_NET",
    ".net": "DOT_NET",
    "node": "JAVASCRIPT",
    "nodejs": "JAVASCRIPT",
    "js": "JAVASCRIPT",
    "ts": "TYPESCRIPT",
    "objc": "OBJECTIVE_C",
    "cxx": "C_PLUS_PLUS",
    "fsharp": "DOT_NET",
    "f#": "DOT_NET",
    "golang": "GO",
    "rb": "RUBY",
    "py": "PYTHON",
    "rs": "RUST",
    "kt": "KOTLIN",
    "ex": "ELIXIR",
    "objective-c": "OBJECTIVE_C",
}
_PLAIN = frozenset(
    {
        "BRIGHTSCRIPT", "C", "C_PLUS_PLUS", "C_SHARP", "CLOJURE", "DOT_NET", "ELIXIR", "ERLANG", "GO", "GROOVY",
        "HASKELL", "HCL", "JAVA", "JAVASCRIPT", "JVM", "KOTLIN", "OBJECTIVE_C", "PERL", "PHP", "PYTHON", "RUBY", "RUST",
        "SCALA", "SWIFT", "TERRAFORM", "TYPESCRIPT",
    }
)  # fmt: skip
UNKNOWN = "UNKNOWN"


def api_language(language: str) -> str:
    """The API's name of a language as events carry it; `UNKNOWN` for one that the API has no name for."""
    special = _SPECIAL.get(language)
    if special:
        return special
    plain = language.upper().replace("-", "_")
    return plain if plain in _PLAIN else UNKNOWN
