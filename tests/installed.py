"""Packages as pip installs them, for what other packages may bring."""

from collections.abc import Mapping
from pathlib import Path


def install(site: Path, name: str, module: str, entry_points: Mapping[str, Mapping[str, str]]) -> None:
    """Install a package of one module into a folder.

    Args:
        site: The folder, which must be on the path of whoever imports it.
        name: Of the package and its module.
        module: The module's source.
        entry_points: By group, the object of each name, as `module:object`.
    """
    info = site / f"{name}-1.0.dist-info"
    info.mkdir(parents=True)
    (site / f"{name}.py").write_text(module, encoding="utf-8")
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n", encoding="utf-8")
    groups = (
        f"[{group}]\n" + "".join(f"{key} = {target}\n" for key, target in targets.items())
        for group, targets in entry_points.items()
    )
    (info / "entry_points.txt").write_text("\n".join(groups), encoding="utf-8")
