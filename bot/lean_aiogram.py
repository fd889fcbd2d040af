"""aiogram, imported without building its models: each is built when it is first used.

Import this before anything that imports aiogram: afterwards it is too late, and an ImportError. Why, and how
much it brings: docs/decisions/0014.
"""

import asyncio
import re
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel


def models() -> Iterator[type[BaseModel]]:
    """All of aiogram's: what Telegram sends, and what it can be asked."""
    from aiogram.methods import TelegramMethod
    from aiogram.types import TelegramObject

    for root in (TelegramObject, TelegramMethod):
        yield from _below(root)


def annotations(model: type[BaseModel]) -> Iterator[str]:
    """What the fields of a model are, as it is written; its parents' included."""
    for parent in model.__mro__:
        for name, annotation in vars(parent).get("__annotations__", {}).items():
            if isinstance(annotation, str) and name in model.__pydantic_fields__:
                yield annotation


async def build_models() -> None:
    """Build what every dialogue uses, which the first client would wait for otherwise."""
    from aiogram.methods import EditMessageReplyMarkup, EditMessageText, SendMessage
    from aiogram.methods.base import Response
    from aiogram.types import Message, Update

    of_every_dialogue: tuple[type[BaseModel], ...] = (
        Update,
        Message,
        Response[Message],
        SendMessage,
        EditMessageText,
        EditMessageReplyMarkup,
    )
    for model in of_every_dialogue:
        model.model_rebuild()
        await asyncio.sleep(0)  # whoever looks after the bot gets an answer meanwhile


def _import() -> Mapping[str, Any]:
    """What the names mean that aiogram uses in its annotations.

    aiogram asks pydantic to build types late (`defer_build`), but has all of them built at its import, as
    only there it can say what those names mean; methods it builds at once. That is most of a bot's start.
    """
    if "aiogram" in sys.modules:
        raise ImportError("aiogram has been imported before bot.lean_aiogram: import that first")
    meanings: dict[str, Any] = {}

    def remember(_: type[BaseModel], /, *, _types_namespace: Mapping[str, Any], **__: Any) -> None:
        if not meanings:  # all types have been imported, and none of the methods
            meanings.update(_types_namespace)
            from aiogram.methods.base import TelegramMethod

            TelegramMethod.model_config["defer_build"] = True

    build = vars(BaseModel)["model_rebuild"]
    BaseModel.model_rebuild = classmethod(remember)  # type: ignore[assignment,method-assign]
    try:
        import aiogram  # noqa: F401
    finally:
        BaseModel.model_rebuild = build  # type: ignore[method-assign]
    return meanings


def _explain(meanings: Mapping[str, Any]) -> None:
    """Give the module of each model what its annotations name and it imports for type checkers only, so that
    pydantic finds it by itself. It looks there for inherited ones, too."""
    for model in models():
        module = vars(sys.modules[model.__module__])
        for annotation in annotations(model):
            for name in re.findall(r"\w+", annotation):
                if name in meanings:
                    module.setdefault(name, meanings[name])


def _below(parent: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for model in parent.__subclasses__():
        yield model
        yield from _below(model)


_explain(_import())
