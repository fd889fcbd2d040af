"""aiogram's models are built when they are used, and each of them can be."""

import subprocess
import sys

import pytest
from pydantic import BaseModel

from bot.lean_aiogram import annotations, models
from tests.process import ROOT


def test_each_model_finds_what_its_annotations_name() -> None:
    unknown = {model.__name__: name for model in models() if (name := _unknown(model))}
    assert not unknown


def _unknown(model: type[BaseModel]) -> str | None:
    names = vars(sys.modules[model.__module__])
    for annotation in annotations(model):
        try:
            eval(annotation, names, dict(vars(model)))  # noqa: S307 (aiogram's own)
        except NameError as error:
            return error.name
    return None


def test_each_model_can_be_built() -> None:
    script = (
        "from bot.lean_aiogram import models\n"
        "every = list(models())\n"
        "for model in every:\n"
        "    model.model_rebuild(_parent_namespace_depth=0)\n"
        "print(len(every) > 600)"
    )
    assert _said(script) == "True\n"


@pytest.mark.parametrize("imports", ["bot.app, bot.running", "bot.check"])
def test_only_what_is_used_is_built(imports: str) -> None:
    script = (
        f"import bot.lean_aiogram, {imports}\n"
        "built = sum(model.__pydantic_complete__ for model in bot.lean_aiogram.models())\n"
        "assert built < 10, built\n"
        "from aiogram.types import Update\n"
        "person = {'id': 1, 'type': 'private', 'is_bot': False, 'first_name': 'A'}\n"
        "message = {'message_id': 1, 'date': 1, 'chat': person, 'from': person, 'reply_to_message':"
        " {'message_id': 2, 'date': 1, 'chat': person, 'text': 'first'}}\n"
        "update = Update.model_validate({'update_id': 1, 'message': message})\n"
        "print(update.message.reply_to_message.text)"
    )
    assert _said(script) == "first\n"


def test_too_late_is_said() -> None:
    script = (
        "import sys\n"
        "sys.modules['aiogram'] = sys\n"
        "try:\n    import bot.lean_aiogram\nexcept ImportError as error:\n    print(error)"
    )
    assert _said(script) == "aiogram has been imported before bot.lean_aiogram: import that first\n"


def _said(script: str) -> str:
    command = [sys.executable, "-c", script]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60).stdout
