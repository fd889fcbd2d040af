"""The first questions: which service, with whom."""

import re
from collections.abc import Sequence
from dataclasses import replace

from bot.dialogue.draft import ALL, BookingDraft, Talk
from bot.dialogue.engine import Instead, NotTaken
from bot.dialogue.matching import labelled, numbered, similar
from bot.dialogue.paging import PAGE, page_of
from bot.dialogue.screen import Choice, Fact, Joined, Money, Plural, Screen, Text, Word
from bot.domain.model import Resource, Service
from bot.usecases.desk import ANY, Catalogue


async def only_category(draft: BookingDraft, talk: Talk) -> str | None:
    """Categories are asked only where the services do not fit on one page."""
    catalogue = await talk.desk.catalogue(talk.now)
    many = len(catalogue.services) > PAGE and len(_categories(catalogue)) > 1
    return None if many else ALL


async def pick_category(draft: BookingDraft, talk: Talk) -> Screen:
    """The categories of the catalogue; typing finds a service in any of them."""
    catalogue = await talk.desk.catalogue(talk.now)
    options = tuple(
        Choice(_label(category, catalogue), "category", str(number))
        for number, category in enumerate(_categories(catalogue))
    )
    shown, row = page_of(options, draft.page)
    return Screen(
        asks=Text("What would you like to book?"),
        lines=(Text("You can also type the name of a service."),),
        options=shown,
        extra=(*row, *language_row()),
    )


async def read_category(draft: BookingDraft, raw: str, talk: Talk) -> str:
    """The category with this number in the catalogue."""
    categories = _categories(await talk.desk.catalogue(talk.now))
    if not (raw.isdigit() and int(raw) < len(categories)):
        raise NotTaken(Text("This list has changed. Here is the new one."))
    return categories[int(raw)]


async def type_category(draft: BookingDraft, text: str, talk: Talk) -> str:
    """A category by number or name, or else a service by name, whatever its category."""
    screen = await pick_category(draft, talk)
    catalogue = await talk.desk.catalogue(talk.now)
    choices = [
        Choice(_label(category, catalogue), "category", str(number))
        for number, category in enumerate(_categories(catalogue))
    ]
    all_services = _service_choices(catalogue.services)
    if exactly := labelled(text, all_services, talk.say):
        service_id = catalogue.service(int(exactly.value)).id
        raise Instead(draft=replace(draft.unlooked(), category=ALL, service_id=service_id, again=None))
    choice = numbered(text, screen.options)
    found = [choice] if choice else similar(text, choices, talk.say)
    if len(found) == 1:
        return await read_category(draft, found[0].value, talk)
    services = similar(text, all_services, talk.say)
    if not services:
        raise not_found(text)
    raise Instead(draft=replace(draft, category=ALL, again=None, search=text, page=0))


async def pick_service(draft: BookingDraft, talk: Talk) -> Screen:
    """A page of services, with what they cost and how long they take where One-Link tells it."""
    catalogue = await talk.desk.catalogue(talk.now)
    services = _services(draft, catalogue)
    shown, row = page_of(services, draft.page)
    return Screen(
        asks=Text("Which service would you like?"),
        lines=tuple(_described(number, service, catalogue) for number, service in enumerate(shown, 1)),
        options=_service_choices(shown),
        extra=(*row, *_whole_list(draft), *_categories_row(draft)),
    )


async def read_service(draft: BookingDraft, raw: str, talk: Talk) -> int:
    """A service by its id."""
    catalogue = await talk.desk.catalogue(talk.now)
    return catalogue.service(int(raw)).id


async def type_service(draft: BookingDraft, text: str, talk: Talk) -> int:
    """A service by its number on the page, or by name among all."""
    catalogue = await talk.desk.catalogue(talk.now)
    screen = await pick_service(draft, talk)
    choice = numbered(text, screen.options)
    return int(
        choice.value if choice else _one(text, _service_choices(catalogue.services), draft, talk).value
    )


async def only_resource(draft: BookingDraft, talk: Talk) -> int | None:
    """With a single provider there is nothing to choose."""
    providers = await _providers(draft, talk)
    return providers[0].id if len(providers) == 1 else None


async def pick_resource(draft: BookingDraft, talk: Talk) -> Screen:
    """Who provides the service, and what it costs with each."""
    service = (await talk.desk.catalogue(talk.now)).service(draft.service_id or 0)
    providers = _sought(await _providers(draft, talk), draft, talk)
    shown, row = page_of(providers, draft.page)
    anyone = (
        (Choice(Text("Any specialist"), "resource_id", str(ANY)),)
        if draft.page == 0 and not draft.search
        else ()
    )
    options = (*anyone, *(Choice(provider, "resource_id", str(provider.id)) for provider in shown))
    lines = [
        _numbered(number, [p, p.specialty_in(talk.locale), money(service.price_with(p.id))])
        for number, p in enumerate(shown, 1 + len(anyone))
    ]
    first = (_numbered(1, [Text("Any specialist: the earliest free time")]),) if anyone else ()
    about = (Joined((Description(service, longest=300),)),) if service.description else ()
    return Screen(
        asks=Text("With whom?"),
        lines=(*about, *first, *lines),
        options=options,
        extra=(*row, *_whole_list(draft)),
    )


async def read_resource(draft: BookingDraft, raw: str, talk: Talk) -> int:
    """A provider by id; ANY stands for whoever is free."""
    wanted = int(raw)
    if wanted != ANY and wanted not in {provider.id for provider in await _providers(draft, talk)}:
        raise NotTaken(Text("This specialist cannot be booked for this service any more."))
    return wanted


async def type_resource(draft: BookingDraft, text: str, talk: Talk) -> int:
    """A provider by number on the page, or by name among all."""
    screen = await pick_resource(draft, talk)
    choice = numbered(text, screen.options)
    providers = await _providers(draft, talk)
    everybody = [
        Choice(Text("Any specialist"), "resource_id", str(ANY)),
        *(Choice(p, "resource_id", str(p.id)) for p in providers),
    ]
    return int(choice.value if choice else _one(text, everybody, draft, talk).value)


def language_row() -> tuple[tuple[Choice, ...], ...]:
    """The way to another language, on the first question; it reads the same in all of them."""
    return ((Choice("Қазақша · Русский · English", "language", ""),),)


def quoted(text: str) -> str:
    """A typed text to be repeated in an answer: short, and without what may be a number of a person."""
    return re.sub(r"[0-9]{5,}", "…", text)[:40]


def not_found(text: str) -> NotTaken:
    """What is said of a typed answer that means none of the choices."""
    return NotTaken(
        Text("I have not found “{text}”. Choose a button or type it differently.", text=quoted(text))
    )


def _one(text: str, choices: Sequence[Choice], draft: BookingDraft, talk: Talk) -> Choice:
    """The single choice a typed name means; several are shown as buttons, none is said."""
    found = similar(text, choices, talk.say)
    if len(found) == 1:
        return found[0]
    if not found:
        raise not_found(text)
    raise Instead(
        Text("Several fit “{text}”. Which one?", text=quoted(text)), draft=replace(draft, search=text, page=0)
    )


def _services(draft: BookingDraft, catalogue: Catalogue) -> list[Service]:
    services = [
        s
        for s in catalogue.services
        if draft.search or draft.category in (ALL, None) or (s.category or "") == draft.category
    ]
    if draft.search:
        meant = {choice.value for choice in similar(draft.search, _service_choices(services), _plain)}
        services = [service for service in services if str(service.id) in meant]
    return services


def _sought(providers: Sequence[Resource], draft: BookingDraft, talk: Talk) -> list[Resource]:
    if not draft.search:
        return list(providers)
    # All together: the first rule of `similar` that finds any decides for all of them.
    found = similar(draft.search, [Choice(p, "resource_id", str(p.id)) for p in providers], talk.say)
    meant = {choice.value for choice in found}
    return [provider for provider in providers if str(provider.id) in meant]


def _plain(label: Fact) -> str:
    return label.name_in("ru") if hasattr(label, "name_in") else str(label)


async def _providers(draft: BookingDraft, talk: Talk) -> tuple[Resource, ...]:
    catalogue = await talk.desk.catalogue(talk.now)
    return catalogue.providers(catalogue.service(draft.service_id or 0))


def _categories(catalogue: Catalogue) -> list[str]:
    """In the order in which One-Link lists them; services without one come last."""
    named = dict.fromkeys(service.category for service in catalogue.services if service.category)
    return [*named, *([""] if any(not service.category for service in catalogue.services) else [])]


def _label(category: str, catalogue: Catalogue) -> Fact:
    if not category:
        return Text("Other services")
    return Category(next(s for s in catalogue.services if s.category == category))


class Category:
    """A category, named as its services name it in each language."""

    def __init__(self, service: Service) -> None:
        self.service = service

    def name_in(self, locale: str) -> str:
        """The category's name for a reader of this locale."""
        return self.service.categories.get(locale) or self.service.category or ""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Category) and self.service.category == other.service.category

    def __hash__(self) -> int:
        return hash(self.service.category)


def _service_choices(services: Sequence[Service]) -> tuple[Choice, ...]:
    return tuple(Choice(service, "service_id", str(service.id)) for service in services)


def _whole_list(draft: BookingDraft) -> tuple[tuple[Choice, ...], ...]:
    return ((Choice(Text("Show all"), "search", ""),),) if draft.search else ()


def _categories_row(draft: BookingDraft) -> tuple[tuple[Choice, ...], ...]:
    """The first question offers the languages; below a category there is a way to the others."""
    if draft.category == ALL:
        return language_row()
    return ((Choice(Text("Other categories"), "reopen", "category"),),)


def _described(number: int, service: Service, catalogue: Catalogue) -> Word:
    providers = catalogue.providers(service)
    prices = sorted({found for p in providers if (found := service.price_with(p.id))})
    price: Fact | None = None
    if prices:
        price = Money(prices[0]) if len(prices) == 1 else Text("from {price}", price=Money(prices[0]))
    minutes = Plural("{n} min", "{n} min", n=service.duration_min)
    about: list[Fact] = [Description(service)] if service.description else []
    return Joined((_numbered(number, [service, minutes, price]), *about), by="\n")


def _numbered(number: int, words: Sequence[Fact | None]) -> Word:
    return Joined((f"{number}.", Joined(tuple(word for word in words if word))), by=" ")


def money(amount: int | None) -> Money | None:
    """An amount where there is one."""
    return Money(amount) if amount else None


class Description:
    """A service's description for a reader of a language."""

    def __init__(self, service: Service, longest: int = 70) -> None:
        self.service = service
        self.longest = longest

    def name_in(self, locale: str) -> str:
        """The description in this locale, cut to `longest` characters."""
        text = self.service.descriptions.get(locale) or self.service.description or ""
        return text if len(text) <= self.longest else text[: self.longest - 1].rstrip(" ,.;") + "…"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Description) and self.service == other.service

    def __hash__(self) -> int:
        return hash(self.service.id)
