"""How the documentation is built: nitpicky, warnings are errors, and nothing is fetched."""

import builtins
import os
import sys
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

project = "gemini-batch"
author = "The gemini-batch authors"
project_copyright = f"2026, {author}"
release = version = installed_version("gemini-batch")

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "_ext.directives",
]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = f"gemini-batch {release}"
html_static_path = ["_static"]
html_css_files = ["wide.css"]

myst_heading_anchors = 3
copybutton_exclude = ".linenos, .gp, .go"
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
autodoc_class_signature = "separated"
napoleon_numpy_docstring = False

# A name of our own must be documented where it is mentioned. Others' names are links only if
# their inventories may be fetched, which takes a network.
if os.environ.get("DOCS_INTERSPHINX"):
    extensions.append("sphinx.ext.intersphinx")
    intersphinx_mapping = {
        "python": ("https://docs.python.org/3", None),
        "aiohttp": ("https://docs.aiohttp.org/en/stable", None),
        "requests": ("https://requests.readthedocs.io/en/latest", None),
    }
_others = [*sys.stdlib_module_names, "aiohttp", "attr", "attrs", "msgspec", "requests"]
nitpick_ignore_regex = [
    (
        r"py:.*",
        r"(.*\.)?(A|B|P|R|T|X_co|Answer|AnswersByKey|Found|Int64|JsonObject|Text)",
    ),  # type variables and aliases have no pages
    (r"py:.*", r"(.*\.)?(Entry|Prompt|Requests|Supply|Via|OnUnknown|Report|StrPath|EndedStatus)"),
    (r"py:.*", r"array|Matrix"),  # of the standard library, and of NumPy
    (r"py:.*", rf"({'|'.join(_others)})\..*"),
    (r"py:.*", rf"({'|'.join(dir(builtins))})"),
    (r"py:.*", r"datetime|timedelta"),  # as annotations name them that are not evaluated
]


def resolve(app: Any, env: Any, node: Any, text: Any) -> Any:
    """Find a name of ours wherever it is documented: it may be mentioned by any of its paths."""
    name = str(node.get("reftarget", "")).rpartition(".")[2]
    domain = env.get_domain("py")
    homes = [path for path in domain.objects if path.endswith(f".{name}")]
    if node.get("refdomain") != "py" or len(homes) != 1:
        return None
    return domain.resolve_xref(env, node["refdoc"], app.builder, "obj", homes[0], node, text)


def setup(app: Any) -> None:
    """Connect what this file adds."""
    app.connect("missing-reference", resolve)
