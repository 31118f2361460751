"""Downloads TFX's two wheels that do not install as they are, and adapts them here.

    python -m tfx_pipeline.wheels DIR
    pip install --find-links DIR -c constraints.txt '.[tfx]'

Nothing that is made is part of this project, and it is for this machine alone:

- ml-metadata and tensorflow-data-validation are tagged manylinux_2_39, so pip refuses them where
  glibc is older (Debian 12, Ubuntu 22.04), although they need nothing that it lacks.
- tensorflow-data-validation asks for pyfarmhash<0.4, which has to be compiled and cannot hash
  bytes that are no UTF-8, as a vocabulary's values may be. It calls functions that 0.5 has too.
"""

import argparse
import subprocess
import sys
from pathlib import Path

from tfx_pipeline.wheels.wheel import adapted

_WHEELS: dict[str, dict[str, str]] = {
    "ml-metadata==1.21.0": {},
    "tensorflow-data-validation==1.21.0": {"pyfarmhash": ">=0.5,<0.6"},
}


def main() -> int:
    """Fill a directory with the adapted wheels; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m tfx_pipeline.wheels",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("directory", type=Path, help="where the wheels go")
    directory: Path = parser.parse_args().directory
    for requirement, relaxed in _WHEELS.items():
        name, _, version = requirement.partition("==")
        stem = f"{name.replace('-', '_')}-{version}"
        if list(directory.glob(f"{stem}+*.whl")):
            continue
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
        options = ["--no-deps", "--only-binary=:all:", "--platform", "manylinux_2_39_x86_64"]
        downloaded = subprocess.run([*pip, *options, "--dest", str(directory), requirement])
        if downloaded.returncode != 0:
            print(f"error: pip could not download {requirement}", file=sys.stderr)
            return 1
        for path in directory.glob(f"{stem}-*.whl"):
            print(adapted(path, relaxed).name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
