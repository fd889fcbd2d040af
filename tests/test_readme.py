"""What README.md and the documents say is true: the conversation, the commands, the links, the settings."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.settings import Settings, load_settings
from tests.clinic import Clinic
from tests.people import Client

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
DOCUMENTS = (README, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md")))
SETTINGS = {name.upper() for name in Settings.model_fields}
NBSP = "\u00a0"


async def test_the_conversation_of_the_readme_happens(client: Client, clinic: Clinic) -> None:
    booked = []
    for line in _conversation():
        match line.partition(": "):
            case ("Client", _, said):
                await client.says(said)
            case ("Bot", _, fragment):
                assert fragment in (await client.card())["text"].replace(NBSP, " ")
            case _:
                await client.taps(line.removeprefix("[").removesuffix("]"))
        booked += await clinic.appointments()
    assert {row["client_name"] for row in booked} == {"Алия Нурланова"}
    assert await clinic.appointments() == []


@pytest.mark.parametrize("target", ["demo", "test"])
def test_the_commands_of_the_readme_are_targets_of_make(target: str) -> None:
    first_screen = README.read_text().split("##")[0]
    assert f"make {target} " in first_screen
    planned = subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, check=True)
    assert b"python" in planned.stdout


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_and_paths_in_documents_lead_somewhere(document: Path) -> None:
    text = document.read_text()
    links = {target.split("#")[0] for target in re.findall(r"\]\((?!https?:)([^)]+)\)", text)}
    named = set(re.findall(r"`((?:bot|docs|tests|locales|\.ci)/[\w./-]*)`", text))
    missing = [link for link in links if not (document.parent / link).exists()]
    missing += [path for path in named if not (ROOT / path).exists()]
    assert not missing


def test_operating_explains_exactly_the_settings_there_are() -> None:
    rows = re.findall(r"^\| `([A-Z_]+)` \|", (ROOT / "docs/operating.md").read_text(), re.M)
    assert sorted(rows) == sorted(SETTINGS)


def test_the_readme_names_only_settings_there_are() -> None:
    rows = re.findall(r"^\| (`[A-Z_`, ]+`) \|", README.read_text(), re.M)
    assert set(re.findall("[A-Z_]+", " ".join(rows))) <= SETTINGS


def test_the_example_settings_name_all_and_their_defaults() -> None:
    examples = dict(re.findall(r"^(?:# )?([A-Z_]+)=(.*)$", (ROOT / ".env.example").read_text(), re.M))
    assert sorted(examples) == sorted(SETTINGS)

    required = {
        name: "1:a" if name == "TELEGRAM_TOKEN" else "1" for name, text in examples.items() if not text
    }
    required["ONELINK_URL"] = "https://one-link.example.kz"
    filled = {name.lower(): text for name, text in (examples | required).items()}
    settings = load_settings(_env_file=None, **filled)
    for name, field in Settings.model_fields.items():
        if field.default is not None and not field.is_required():
            assert getattr(settings, name) == field.default, name


def _conversation() -> Iterator[str]:
    found = re.search(r"^```conversation\n(.*?)^```", README.read_text(), re.M | re.S)
    assert found, "README.md has no conversation"
    return iter(found[1].splitlines())
