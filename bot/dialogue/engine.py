"""Questions in order. What is asked next follows from the answers alone.

A draft is a frozen record with one field for each question; None means not answered yet. Besides
the answers it knows one thing: that an earlier question is being asked again (`again`), because the
client went back to it or wants to change it.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Generic, Protocol, TypeVar

from bot.dialogue.screen import Screen, Word


class Outdated(Exception):
    """The tap belongs to a card that is no longer live, or to a question that is not being asked."""


class Instead(Exception):
    """An answer that leads elsewhere than to the next question: says `words`, goes on with `draft`."""

    def __init__(self, *words: Word, draft: Any = None) -> None:
        super().__init__()
        self.words = words
        self.draft = draft


class NotTaken(Instead):
    """A failed input: it says why; after two of them in a row help is offered."""


class Answers(Protocol):
    """What the engine needs of a draft; its answers are further fields."""

    @property
    def again(self) -> str | None:
        """The earlier question that is asked again."""
        ...

    @property
    def changing(self) -> bool:
        """Whether the question asked again was picked from the summary, not reached by going back."""
        ...

    @property
    def unasked(self) -> tuple[str, ...]:
        """Questions that answered themselves: there was nothing to choose."""
        ...


D = TypeVar("D", bound=Answers)
Talk = TypeVar("Talk")


@dataclass(frozen=True, slots=True)
class Step(Generic[D, Talk]):
    """One question.

    screen   what is shown while it is asked
    read     the answer that a button's value stands for; raises NotTaken, Instead
    typed    the answer that a typed text stands for; raises NotTaken, Instead
    only     the answer when there is nothing to choose, else None
    forgets  later answers that do not outlive a change of this one
    """

    screen: Callable[[D, Talk], Awaitable[Screen]]
    read: Callable[[D, str, Talk], Awaitable[Any]]
    typed: Callable[[D, str, Talk], Awaitable[Any]]
    only: Callable[[D, Talk], Awaitable[Any]] | None = None
    forgets: tuple[str, ...] = ()


class Dialogue(Generic[D, Talk]):
    """The order of the questions, and what answering, going back and changing does to a draft."""

    def __init__(self, **steps: Step[D, Talk]) -> None:
        self.steps: Mapping[str, Step[D, Talk]] = steps
        self.names = tuple(steps)

    def asking(self, draft: D) -> str | None:
        """The question being asked; None when everything is answered."""
        if draft.again is not None:
            return draft.again
        return next((name for name in self.names if getattr(draft, name) is None), None)

    def answer(self, draft: D, name: str, value: Any) -> D:
        """The draft with one more answer.

        Filling a gap keeps what was said after it. A different answer to an earlier question forgets
        only what depends on it: a new service needs a new slot, but not the phone again.
        """
        if name != self.asking(draft):
            raise Outdated(name)
        gone = dict.fromkeys(self.steps[name].forgets) if getattr(draft, name) != value else {}
        unasked = tuple(step for step in draft.unasked if step != name and step not in gone)
        return replace(draft, **{**gone, name: value, "again": None, "changing": False, "unasked": unasked})  # type: ignore[type-var]

    def back(self, draft: D) -> D | None:
        """The draft with the previous question asked again; None when there is none before.

        Going back from a change picked in the summary returns to the summary.
        """
        if draft.again is not None and draft.changing:
            return replace(draft, again=None, changing=False)  # type: ignore[type-var]
        asking = self.asking(draft)
        before = self.names[: self.names.index(asking)] if asking else self.names
        for name in reversed(before):
            if name not in draft.unasked:
                return replace(draft, again=name, changing=False)  # type: ignore[type-var]
        return None

    def change(self, draft: D, name: str) -> D:
        """The draft with one answered question asked again, to return to the summary after it."""
        if name not in self.steps or getattr(draft, name) is None:
            raise Outdated(name)
        return replace(draft, again=name, changing=True)  # type: ignore[type-var]

    async def next(self, draft: D, talk: Talk) -> D:
        """The draft once every question with nothing to choose has answered itself."""
        while (name := self.asking(draft)) is not None:
            only = self.steps[name].only
            value = await only(draft, talk) if only is not None and draft.again is None else None
            if value is None:
                return draft
            draft = self.answer(draft, name, value)
            draft = replace(draft, unasked=(*draft.unasked, name))  # type: ignore[type-var]
        return draft
