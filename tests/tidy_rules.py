"""The rules of this repository as functions over one file's path and text, so that each can be shown to catch a breach.

Each returns complaints, one sentence each; none means the file keeps the rule. Paths are relative to the checkout.
"""

import ast
import io
import re
import tokenize
from collections.abc import Callable, Iterator
from fnmatch import fnmatch
from pathlib import PurePosixPath
from typing import TypeGuard

Rule = Callable[[str, str], list[str]]

PACKAGES = ("floor", "devices", "sync", "gateway", "central", "simulation")
SURROUNDINGS = ("tests", "benchmarks", "docs", "scripts", "image")
# What a folder may import of ours besides itself; a name with a dot allows that module alone.
MAY_IMPORT = {
    "floor": set(),
    "devices": set(),
    "sync": set(),
    "gateway": {"devices", "sync", "floor"},
    "central": {"sync.wire", "floor"},
}

PURE_PATHS = (
    "floor/*.py",
    "*/limits.py",
    "*/errors.py",
    "devices/types.py",
    "devices/keyboard.py",
    "devices/keymap.py",
    "devices/labels.py",
    "devices/lines.py",
    "devices/buttons.py",
    "devices/reopen.py",
    "sync/wire.py",
    "sync/batches.py",
    "sync/outbox.py",
    "sync/pump.py",
    "sync/ports.py",
    "gateway/station*.py",
    "central/ingest_rules.py",
    "central/ranges.py",
)
IMPURE_LIBRARIES = frozenset(
    """sqlite3 threading time random os socket logging paho serial evdev requests flask
    asyncio subprocess select signal secrets uuid multiprocessing queue tempfile shutil urllib http socketserver
    pyudev gpiod sqlalchemy sqlite_utils waitress""".split()  # noqa: SIM905
)
CLOCK_CALLS = frozenset({"now", "utcnow", "today"})

FUNCTION_LINES_MAX = 70
MODULE_LINES_MAX = 500
# Migrations are written once by Alembic and never read from top to bottom.
FROZEN = "central/migrations/versions/"
VAGUE_WORDS = frozenset(
    {"manager", "managers", "handler", "handlers", "helper", "helpers", "util", "utils", "data", "info"}
)
SHADOWING = frozenset({"gateway", "devices", "sync", "central", "floor"})
MAY_SLEEP = ("sync/runner.py", "devices/reader.py")
INVARIANTS = tuple(f"I{number}" for number in range(1, 13))

# Put together here so that this file does not name them itself.
HOSTS = re.compile(
    "|".join(
        re.escape(name.replace("~", ""))
        for name in (
            "py~pi.org",
            "python~hosted.org",
            "npm~js.org",
            "npm~mirror.com",
            "deb.deb~ian.org",
            "ftp.deb~ian.org",
            "archive.rasp~berrypi",
            "proxy.go~lang.org",
            "crat~es.io",
            "docker~.io",
            "gh~cr.io",
            "jsde~livr.net",
            "unp~kg.com",
            "mirrors.ali~yun",
            "tuna.tsing~hua",
            "mirrors.ust~c",
        )
    )
)
WORKPLACE = re.compile(
    r"(?<![\w.-])/(?:w(?:)ork/(?:main|shared|\.library)\b|ro(?:)ot/|opt/py(?:)pi\b|tmp/line(?:)side\b)"
)
UNFINISHED = re.compile(r"\b(?:TO(?:)DO|FIX(?:)ME|X(?:)XX)\b")


def package_of(path: str) -> str:
    """The top-level folder of a path."""
    return PurePosixPath(path).parts[0]


def in_product(path: str) -> bool:
    return package_of(path) in PACKAGES


def imports(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """(line, dotted name) of everything imported absolutely; `from a import b` gives a.b."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            for alias in node.names:
                yield node.lineno, f"{node.module}.{alias.name}"


def is_pure(path: str, text: str) -> bool:
    """True for a module on the list, or one whose docstring says so in a line that starts with `Pure:`."""
    if any(fnmatch(path, pattern) for pattern in PURE_PATHS):
        return True
    docstring = ast.get_docstring(ast.parse(text)) or ""
    return any(line.startswith("Pure:") for line in docstring.splitlines())


def import_table(path: str, text: str) -> list[str]:
    own = package_of(path)
    if own not in MAY_IMPORT:
        return []
    complaints = []
    for line, name in imports(ast.parse(text)):
        top = name.split(".")[0]
        if top == own or top not in (*PACKAGES, *SURROUNDINGS):
            continue
        if not any(name == allowed or name.startswith(f"{allowed}.") for allowed in MAY_IMPORT[own]):
            complaints.append(f"{path}:{line}: {own} may not import {name}")
    return complaints


def relative_imports(path: str, text: str) -> list[str]:
    return [
        f"{path}:{node.lineno}: relative import"
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.ImportFrom) and node.level > 0
    ]


def purity(path: str, text: str) -> list[str]:
    if not is_pure(path, text):
        return []
    tree = ast.parse(text)
    complaints = [
        f"{path}:{line}: a pure module imports {name}"
        for line, name in imports(tree)
        if name.split(".")[0] in IMPURE_LIBRARIES
    ]
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        if isinstance(node.func, ast.Name) and node.func.id in ("open", "input", "print"):
            complaints.append(f"{path}:{node.lineno}: a pure module calls {node.func.id}()")
        if isinstance(node.func, ast.Attribute) and node.func.attr in CLOCK_CALLS:
            owner = ast.unparse(node.func.value)
            if owner.split(".")[-1] in ("datetime", "date"):
                complaints.append(f"{path}:{node.lineno}: a pure module reads the clock: {owner}.{node.func.attr}()")
    return complaints


def size(path: str, text: str) -> list[str]:
    if path.startswith(FROZEN):
        return []
    complaints = []
    lines = len(text.splitlines())
    if lines > MODULE_LINES_MAX:
        complaints.append(f"{path}: {lines} lines, at most {MODULE_LINES_MAX}")
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None:
            length = node.end_lineno - node.lineno + 1
            if length > FUNCTION_LINES_MAX:
                complaints.append(f"{path}:{node.lineno}: {node.name} has {length} lines, at most {FUNCTION_LINES_MAX}")
    return complaints


def vague_names(path: str, text: str) -> list[str]:
    return [
        f"{path}: {word!r} says nothing of what the file holds"
        for part in PurePosixPath(path).with_suffix("").parts
        for word in re.split(r"[_\-.]", part.lower())
        if word in VAGUE_WORDS
    ]


def bound_names(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Every name a module binds as variable, parameter or function. Fields of a class are data, not bindings."""
    fields = {
        id(statement.target)
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        for statement in node.body
        if isinstance(statement, ast.AnnAssign)
    }
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()) if id(node) not in fields:
                yield node.lineno, name
            case ast.arg(arg=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield node.lineno, name
            case ast.ClassDef(name=name) | ast.ExceptHandler(name=str(name)):
                yield node.lineno, name
            case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                yield node.lineno, name
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                for alias in aliases:
                    # `import sync.wire` binds sync to the package itself, which is right.
                    if alias.asname or isinstance(node, ast.ImportFrom):
                        yield node.lineno, alias.asname or alias.name


def shadowed_packages(path: str, text: str) -> list[str]:
    return [
        f"{path}:{line}: {name!r} is bound here and hides the package"
        for line, name in bound_names(ast.parse(text))
        if name in SHADOWING
    ]


def _catches_all(node: ast.expr | None) -> bool:
    names = {ast.unparse(each) for each in (node.elts if isinstance(node, ast.Tuple) else [node]) if each is not None}
    return bool(names & {"Exception", "BaseException"})


def _suppresses_all(node: ast.AST) -> TypeGuard[ast.Call]:
    return (
        isinstance(node, ast.Call)
        and ast.unparse(node.func).split(".")[-1] == "suppress"
        and any(_catches_all(argument) for argument in node.args)
    )


def _is_silent(statement: ast.stmt) -> bool:
    """True for what neither acts nor raises: pass, continue, a bare constant, or a line to the log."""
    if isinstance(statement, ast.Pass | ast.Continue):
        return True
    if not isinstance(statement, ast.Expr):
        return False
    if isinstance(statement.value, ast.Constant):
        return True
    called = ast.unparse(statement.value.func) if isinstance(statement.value, ast.Call) else ""
    return bool(re.match(r"(?:\w+\.)*_?(?:log|logger|logging|print)\b", called))


def swallowed_errors(path: str, text: str) -> list[str]:
    complaints = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ExceptHandler):
            if node.type is None:
                complaints.append(f"{path}:{node.lineno}: bare except")
            elif _catches_all(node.type) and all(_is_silent(each) for each in node.body):
                complaints.append(f"{path}:{node.lineno}: catches everything and goes on")
        elif _suppresses_all(node):
            complaints.append(f"{path}:{node.lineno}: suppresses everything")
    return complaints


def sleeps(path: str, text: str) -> list[str]:
    if not in_product(path) or path in MAY_SLEEP:
        return []
    tree = ast.parse(text)
    found = [line for line, name in imports(tree) if name == "time.sleep"]
    found += [
        node.lineno for node in ast.walk(tree) if isinstance(node, ast.Attribute) and ast.unparse(node) == "time.sleep"
    ]
    return [f"{path}:{line}: sleeps; only the thread shells {', '.join(MAY_SLEEP)} do" for line in found]


def environment(path: str, text: str) -> list[str]:
    # The simulation starts programs and hands its own environment on to them.
    if not in_product(path) or package_of(path) == "simulation" or PurePosixPath(path).name == "config.py":
        return []
    tree = ast.parse(text)
    found = [line for line, name in imports(tree) if name in ("os.environ", "os.getenv")]
    found += [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and ast.unparse(node) in ("os.environ", "os.getenv")
    ]
    return [f"{path}:{line}: reads the environment; only config.py does" for line in found]


def unfinished(path: str, text: str) -> list[str]:
    complaints = []
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT and UNFINISHED.search(token.string):
            complaints.append(f"{path}:{token.start[0]}: {token.string.strip()}")
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Raise) and node.exc and ast.unparse(node.exc).startswith("NotImplementedError"):
            complaints.append(f"{path}:{node.lineno}: {ast.unparse(node)}")
    return complaints


def dodged_tests(path: str, text: str) -> list[str]:
    """A test that is skipped, expected to fail, or that replaces parts by their dotted names proves little."""
    if package_of(path) != "tests":
        return []
    tree = ast.parse(text)
    complaints = [
        f"{path}:{line}: patches by name" for line, name in imports(tree) if name.startswith(("unittest.mock", "mock."))
    ]
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and re.fullmatch(
            r"pytest\.(?:mark\.)?(?:skip|skipif|xfail|importorskip)", ast.unparse(node)
        ):
            complaints.append(f"{path}:{node.lineno}: {ast.unparse(node)}")
    return complaints


PYTHON_RULES: dict[str, Rule] = {
    rule.__name__: rule
    for rule in (
        import_table,
        relative_imports,
        purity,
        size,
        vague_names,
        shadowed_packages,
        swallowed_errors,
        sleeps,
        environment,
        unfinished,
        dodged_tests,
    )
}


def foreign_places(path: str, text: str) -> list[str]:
    """No package registry or mirror, and no path of the machine a line was written on: neither is there for others."""
    return [
        f"{path}:{number}: names {found.group()!r}"
        for number, line in enumerate(text.splitlines(), 1)
        for pattern in (HOSTS, WORKPLACE)
        for found in pattern.finditer(line)
    ]


def impure_neighbours(sources: dict[str, str]) -> list[str]:
    """A pure module that imports one of ours that is not: its purity would be borrowed."""
    modules = {path.removesuffix(".py").removesuffix("/__init__").replace("/", "."): path for path in sources}
    complaints = []
    for path, text in sources.items():
        if not in_product(path) or not is_pure(path, text):
            continue
        for line, name in imports(ast.parse(text)):
            target = modules.get(name) or modules.get(name.rpartition(".")[0])
            if target is None or PurePosixPath(target).name == "__init__.py" or is_pure(target, sources[target]):
                continue
            complaints.append(f"{path}:{line}: a pure module imports {target}, which is not")
    return sorted(set(complaints))


def cited_invariants(sources: dict[str, str]) -> set[str]:
    """Which of I1 to I12 the code of the product cites."""
    text = "\n".join(text for path, text in sources.items() if in_product(path))
    return set(re.findall(r"\bI(?:1[0-2]|[1-9])\b", text))
