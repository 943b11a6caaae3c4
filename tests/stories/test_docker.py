"""The files of docker/ are what the tools expect; no Docker engine is needed to see that."""

import io
from pathlib import Path

import yaml
from dockerfile_parse import DockerfileParser

DOCKER = Path(__file__).parents[2] / "docker"


def test_compose_runs_one_pinned_node_on_loopback_with_a_health_check() -> None:
    service = yaml.safe_load((DOCKER / "compose.yml").read_text())["services"]["elasticsearch"]
    assert service["image"].endswith(":9.4.3")
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])
    assert service["healthcheck"]["test"][0] == "CMD"


def test_the_dockerfile_has_only_known_instructions_and_no_root_user() -> None:
    parser = DockerfileParser(fileobj=io.BytesIO((DOCKER / "Dockerfile").read_bytes()))
    known = {"FROM", "RUN", "COPY", "USER", "WORKDIR", "ENTRYPOINT", "CMD", "COMMENT"}
    steps = [step["instruction"] for step in parser.structure]
    assert set(steps) <= known
    assert steps.index("USER") < steps.index("ENTRYPOINT")
