"""The files of docker/ are what the tools expect, and its steps work as far as they go without a Docker engine."""

import io
import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import yaml
from dockerfile_parse import DockerfileParser

ROOT = Path(__file__).parents[2]
DOCKER = ROOT / "docker"


def steps() -> list[dict[str, Any]]:
    parsed: list[dict[str, Any]] = DockerfileParser(fileobj=io.BytesIO((DOCKER / "Dockerfile").read_bytes())).structure
    return parsed


def values(instruction: str) -> list[str]:
    return [step["value"] for step in steps() if step["instruction"] == instruction]


def test_compose_runs_one_pinned_node_on_loopback_with_a_health_check() -> None:
    service = yaml.safe_load((DOCKER / "compose.yml").read_text())["services"]["elasticsearch"]
    assert service["image"].endswith(":9.4.3")
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])
    assert service["healthcheck"]["test"][0] == "CMD"


def test_the_dockerfile_has_only_known_instructions_and_no_root_user() -> None:
    known = {"FROM", "ARG", "RUN", "COPY", "USER", "WORKDIR", "HEALTHCHECK", "ENTRYPOINT", "CMD", "COMMENT"}
    instructions = [step["instruction"] for step in steps()]
    assert set(instructions) <= known
    assert instructions.index("USER") < instructions.index("ENTRYPOINT")
    assert not any("--index-url" in run for run in values("RUN")), "packages come from the ordinary index"


def test_what_is_copied_is_all_that_the_package_is_built_from(tmp_path: Path) -> None:
    """A wheel of the copied files alone has every file of the package in it."""
    ignored = set((ROOT / ".dockerignore").read_text().split("\n"))
    for value in values("COPY"):
        *sources, target = value.split()
        for source in sources:
            assert f"!{source}" in ignored
            place = tmp_path / target.lstrip("/")
            if (ROOT / source).is_dir():
                left_out = shutil.ignore_patterns("__pycache__", *(["mappings"] if source == "hybridsearch" else []))
                shutil.copytree(ROOT / source, place, ignore=left_out, dirs_exist_ok=True)
            else:
                place.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / source, place)
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir"]
    subprocess.run([*build, tmp_path, tmp_path / "src"], check=True)
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        packed = set(wheel.namelist())
    package = ROOT / "hybridsearch"
    modules = {str(file.relative_to(ROOT)) for file in package.rglob("*.py")}
    assert modules <= packed
    assert {f"hybridsearch/mappings/{file.name}" for file in (ROOT / "mappings").glob("*.json")} <= packed


def test_the_health_check_and_the_entry_are_commands_that_exist() -> None:
    (check,) = values("HEALTHCHECK")
    command = json.loads(check[check.index("[") :])
    assert command[0] == json.loads(values("ENTRYPOINT")[0])[0] == "hybridsearch"
    shown = subprocess.run(
        [sys.executable, "-m", "hybridsearch", command[1], "--help"], check=True, capture_output=True, text=True
    ).stdout
    assert command[2] in shown
