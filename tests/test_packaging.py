"""The image and the compose file fit the code; they are read here as text, Docker is not needed."""

import re
import tomllib
from pathlib import Path
from typing import Any

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


def _project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())
