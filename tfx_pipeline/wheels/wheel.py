"""A wheel written anew with other contents, another version and another platform tag."""

import base64
import hashlib
import re
import zipfile
from pathlib import Path

from tfx_pipeline.wheels.elf import Version, for_older_systems

LOCAL = "infnet"  # 1.21.0+infnet: satisfies ==1.21.0, and pip prefers it to 1.21.0
_NAME = re.compile(r"(?P<name>[^-]+)-(?P<version>[^-]+)-(?P<tags>.+)-manylinux_\d+_\d+_(?P<cpu>.+)")


def adapted(path: Path, relaxed: dict[str, str]) -> Path:
    """Write a wheel beside another one that installs where that one does not, and remove that one.

    Native modules lose their references to a newer C library (see `elf`), the platform tag says
    what they still need, and requirements are replaced. The version gets a local label, so that
    nobody takes it for the original.

    Args:
        path: a manylinux wheel.
        relaxed: project name -> version specifier that replaces the wheel's own.

    Returns:
        The new wheel's path.

    Raises:
        ValueError: the wheel's name or contents are not of the kind that is understood.
    """
    named = _NAME.fullmatch(path.stem)
    if named is None:
        raise ValueError(f"{path.name} is no manylinux wheel")
    old = f"{named['name']}-{named['version']}.dist-info"
    version = f"{named['version']}+{LOCAL}"
    new = f"{named['name']}-{version}.dist-info"
    glibc: Version = (2, 17)
    files: dict[str, bytes] = {}
    with zipfile.ZipFile(path) as source:
        modes = {}
        for entry in source.infolist():
            if entry.is_dir():
                continue
            content = source.read(entry)
            if ".so" in Path(entry.filename).name:
                content, needed = for_older_systems(content)
                glibc = max(glibc, needed[:2])
            name = entry.filename.replace(f"{old}/", f"{new}/", 1)
            files[name], modes[name] = content, entry.external_attr
    tag = f"manylinux_{glibc[0]}_{glibc[1]}_{named['cpu']}"
    files[f"{new}/WHEEL"] = _replaced(files[f"{new}/WHEEL"], r"manylinux_\d+_\d+_\w+", tag)
    metadata = _replaced(files[f"{new}/METADATA"], r"(?m)^Version: .+$", f"Version: {version}")
    for project, specifier in relaxed.items():
        metadata = _replaced(
            metadata,
            rf"(?mi)^Requires-Dist: {re.escape(project)}\b.*$",
            f"Requires-Dist: {project}{specifier}",
        )
    files[f"{new}/METADATA"] = metadata
    files[f"{new}/RECORD"] = _record(files, f"{new}/RECORD")
    result = path.with_name(f"{named['name']}-{version}-{named['tags']}-{tag}.whl")
    partial = result.with_suffix(".partial")
    with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = modes[name]
            target.writestr(entry, content)
    partial.replace(result)
    path.unlink()
    return result


def _replaced(content: bytes, pattern: str, text: str) -> bytes:
    replaced, count = re.subn(pattern, text, content.decode())
    if count == 0:
        raise ValueError(f"the wheel's metadata have nothing like {pattern}")
    return replaced.encode()


def _record(files: dict[str, bytes], own_name: str) -> bytes:
    lines = [f"{own_name},,"]
    for name, content in files.items():
        if name != own_name:
            digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=")
            lines.append(f"{name},sha256={digest.decode()},{len(content)}")
    return ("\n".join(lines) + "\n").encode()
