"""The image and the compose file fit the code; they are read here as text, Docker is not needed."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from bot.settings import Settings

ROOT = Path(__file__).parent.parent
SETTINGS = {name.upper() for name in Settings.model_fields}
DOCKERFILE = (ROOT / "Dockerfile").read_text()
COMPOSE = (ROOT / "docker-compose.yml").read_text()


def test_the_image_has_the_code_and_the_catalogues_beside_it() -> None:
    final = DOCKERFILE.rsplit("\nFROM ", 1)[1]
    for folder in ("bot", "locales"):
        assert f"COPY {folder} {folder}\n" in final
        assert f"\n!{folder}\n" in (ROOT / ".dockerignore").read_text()


def test_the_image_does_not_run_as_root() -> None:
    user = re.findall(r"^USER (\S+)$", DOCKERFILE, re.M)
    assert user == ["bot"]
    assert DOCKERFILE.index("\nUSER ") < DOCKERFILE.index("\nCMD ")


def test_the_user_of_the_image_has_no_shell_no_home_and_owns_only_its_data() -> None:
    assert re.search(r"useradd --system .*--home-dir /nonexistent --shell /usr/sbin/nologin bot", DOCKERFILE)
    assert re.findall(r"--owner bot \S+ \S+ (\S+)", DOCKERFILE) == ["/data"]
    assert "chown" not in DOCKERFILE


def test_the_image_says_how_it_is() -> None:
    assert re.search(r"^HEALTHCHECK .*\\\n.*/healthz", DOCKERFILE, re.M)


@pytest.mark.parametrize("service", ["bot", "redis"])
def test_no_container_can_write_outside_its_volume_or_gain_rights(service: str) -> None:
    described = _service(service)
    assert "    read_only: true\n" in described
    assert "    tmpfs:\n      - /tmp\n" in described
    assert "    security_opt:\n      - no-new-privileges:true\n" in described
    assert "privileged: true" not in described
    assert "docker.sock" not in described


def test_the_bot_has_no_capabilities_and_redis_no_port() -> None:
    assert "    cap_drop:\n      - ALL\n" in _service("bot")
    assert "ports:" not in _service("redis")
    assert "    healthcheck:\n" in _service("redis")


def test_nothing_secret_gets_into_the_image() -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert "*" in ignored
    assert not [line for line in ignored if line.startswith("!.env")]


def test_images_take_python_of_a_version_the_project_allows() -> None:
    versions = re.findall(r"^FROM python:3\.(\d+)-slim", DOCKERFILE, re.M)
    lowest = re.search(r"3\.(\d+)", _project()["project"]["requires-python"])
    assert len(set(versions)) == 1
    assert lowest is not None
    assert int(versions[0]) >= int(lowest[1])


def test_compose_and_image_set_only_settings_there_are() -> None:
    environment = re.search(r"^    environment:\n((?: {6}\S.*\n)+)", COMPOSE, re.M)
    assert environment is not None
    assert set(re.findall(r"^ {6}([A-Z_]+):", environment[1], re.M)) <= SETTINGS
    of_python = {"PATH", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE", "PYTHONTZPATH"}
    of_image = re.search(r"^ENV ((?:.*\\\n)*.*)$", DOCKERFILE, re.M)
    assert of_image is not None
    assert set(re.findall(r"([A-Z_]+)=", of_image[1])) <= SETTINGS | of_python


def test_compose_keeps_unfinished_bookings_and_publishes_on_this_machine_only() -> None:
    assert re.search(r"--appendonly\n\s+- \"yes\"", COMPOSE)
    assert "condition: service_healthy" in COMPOSE
    ports = re.findall(r'"([\d.:]*\d+:\d+)"', COMPOSE)
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_the_package_brings_every_kind_of_file_of_the_demo_page() -> None:
    declared = _project()["tool"]["setuptools"]["package-data"]["bot.sandbox"]
    page = ROOT / "bot" / "sandbox" / "page"
    packed = {path for pattern in declared for path in page.parent.glob(pattern)}
    assert {path for path in page.rglob("*") if path.is_file()} == packed


def _service(name: str) -> str:
    found = re.search(rf"^  {name}:\n((?:    .*\n|\n)+)", COMPOSE, re.M)
    assert found is not None
    return found[1]


def _project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())
