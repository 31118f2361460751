"""The API reference from the docstrings: `make docs`, or `python docs/reference/build.py OUT`.

One page for each package that users import from. A warning of pdoc's, such as of a public name that
does not resolve, is an error.
"""

import sys
import warnings
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

import pdoc

# `infnet_keras` brings the packages that its __all__ names.
PACKAGES = (
    "infnet_keras",
    "infnet_keras.data",
    "infnet_keras.evaluation",
    "infnet_keras.export",
    "infnet_keras.spec",
    "infnet_keras.training",
    "serving.client",
)


def build(directory: Path) -> None:
    """Write the reference as HTML.

    Args:
        directory: where; its index.html leads to every page.
    """
    modules = [import_module(name) for name in PACKAGES]
    public = [getattr(modules[0], name) for name in modules[0].__all__]
    modules += [each for each in public if isinstance(each, ModuleType)]
    hidden = []
    for module in modules:
        for name in module.__all__:
            # What is loaded on first use is put where pdoc looks for it.
            setattr(module, name, getattr(module, name))
            named_alike = f"{module.__name__}.{name}"  # the module `from_spec` holds `from_spec`
            if not isinstance(getattr(module, name), ModuleType) and find_spec(named_alike):
                hidden.append(f"!{named_alike}$")
    pdoc.render.configure(
        docformat="google",
        include_undocumented=False,
        show_source=False,
        footer_text=f"infnet-keras {modules[0].__version__}",
        template_directory=Path(__file__).parent,
    )
    with warnings.catch_warnings():
        warnings.filterwarnings("error", module="pdoc")
        pdoc.pdoc(*PACKAGES, *hidden, output_directory=directory)


if __name__ == "__main__":
    build(Path(sys.argv[1]))
