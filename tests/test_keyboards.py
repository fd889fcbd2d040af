"""Every button that any screen can have: it fits into Telegram's 64 bytes, and somebody answers it."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from aiogram.fsm.state import State

from bot.dialogue import appointment as cards
from bot.dialogue import changes, framing, menu, notice, outcomes, visit_list
from bot.dialogue.actions import TAPS
from bot.dialogue.booking import BOOKING
from bot.dialogue.draft import ALL, BookingDraft, House, IinAnswer, PhoneAnswer, Talk
from bot.dialogue.framing import unreachable_lists
from bot.dialogue.reminder import reminder, which_one
from bot.dialogue.screen import Choice, Screen
from bot.domain.attempt import What
from bot.domain.client import CONSENT_VERSION, Client, Consent
from bot.domain.errors import OneLinkUnreachable, SlotTaken
from bot.domain.model import Appointment, Resource, Service, Slot, Status
from bot.domain.watched import watched
from bot.telegram.handlers import build_routers
from bot.telegram.keyboard import Tap, VisitTap, inline_keyboard, reply_keyboard
from bot.telegram.states import Booking, state_for
from bot.telegram.texts import LOCALES, Texts
from bot.usecases.desk import ANY, BookingDesk, Catalogue

NOW = datetime(2030, 1, 7, 4, 0, tzinfo=UTC)
ALMATY = ZoneInfo("Asia/Almaty")
#: The largest numbers One-Link gives: ten digits, and some to spare.
FIRST_SERVICE, FIRST_RESOURCE, APPOINTMENT = 9_000_000_001, 8_000_000_001, 99_999_999_999
LONG_NAME = "Қабылдау және кеңес беру " * 4
HOUSE = House(name="Клиника", phone="+7 727 000 00 00", address="Алматы", emergency="103")


class LargeClinic:
    """A scheduling API with many services and a slot every half hour; nothing leaves this process."""

    services_: tuple[Service, ...] = tuple(
        Service(
            id=FIRST_SERVICE + n,
            name=f"{LONG_NAME}{n}",
            duration_min=720,
            category=f"{LONG_NAME}{n % 10}",
            base_price=1_000_000,
        )
        for n in range(60)
    )
    resources_: tuple[Resource, ...] = tuple(
        Resource(id=FIRST_RESOURCE + n, name=f"{LONG_NAME}{n}", zone=ALMATY) for n in range(25)
    )
    down = False

    async def services(self) -> tuple[Service, ...]:
        if self.down:
            raise OneLinkUnreachable("down")
        return self.services_

    async def resources(self) -> tuple[Resource, ...]:
        return self.resources_

    async def free_slots(
        self, start: datetime, end: datetime, *, resource_ids: tuple[int, ...], duration_min: int
    ) -> tuple[Slot, ...]:
        starts = [
            start + timedelta(minutes=30 * n) for n in range(int((end - start) / timedelta(minutes=30)))
        ]
        length = timedelta(minutes=duration_min)
        return tuple(Slot(at, resource_id, at + length) for at in starts for resource_id in resource_ids)


@pytest.fixture
def clinic() -> LargeClinic:
    return LargeClinic()


@pytest.fixture
def talk(clinic: LargeClinic) -> Talk:
    desk = BookingDesk(
        clinic,  # type: ignore[arg-type]
        None,
        bot_key="key",
        lead=timedelta(hours=1),
        horizon=timedelta(days=365),
    )
    words = Texts("ru")["kk"]
    return Talk(
        desk=desk,
        house=HOUSE,
        client=Client(id=9_999_999_999),
        now=NOW,
        locale="kk",
        say=words.say,
        tell_staff=words.say,
        own_name="Алия",
    )


def drafts() -> list[BookingDraft]:
    """A draft for each question, and for each way in which a question can be asked."""
    slot = Slot(NOW + timedelta(days=300), FIRST_RESOURCE + 24, NOW + timedelta(days=300, hours=12))
    whole = BookingDraft(
        key="3f2504e0-4f89-41d3-9a0c-0305e82c3301",
        category=ALL,
        service_id=FIRST_SERVICE + 59,
        resource_id=FIRST_RESOURCE + 24,
        day=slot.starts_at.date(),
        slot=slot,
        consent=Consent(version=CONSENT_VERSION, given_at=NOW, locale="kk"),
        name=LONG_NAME,
        phone=PhoneAnswer(number="+77011234567"),
        iin=IinAnswer(reason="foreign"),
        revision=999_999,
    )
    answers = list(BOOKING.names)
    found = []
    for asked in answers:
        later = answers[answers.index(asked) :]
        unanswered: Any = dict.fromkeys(later)
        draft = replace(whole, **unanswered)
        found += [
            draft,
            replace(draft, page=3),
            replace(draft, misses=3),
            replace(draft, search="Қабылдау"),
            replace(draft, leaving=True),
        ]
        if asked == "slot":
            found += [
                replace(draft, lost=slot),
                replace(draft, part="evening"),
                replace(draft, resource_id=ANY),
                replace(draft, resource_id=ANY, lost=slot),
                replace(draft, day=date(2031, 5, 1)),
            ]
        if asked == "phone":
            found.append(replace(draft, offered="+77011234567"))
        if asked == "day":
            found += [replace(draft, page=51), replace(draft, resource_id=ANY)]
        found.append(replace(whole, again=asked, changing=True))
    return found


@pytest.fixture
async def booking_screens(talk: Talk, clinic: LargeClinic) -> list[tuple[BookingDraft, Screen]]:
    shown = [await framing.shown(draft, talk) for draft in drafts()]
    shown.append((shown[0][0], framing.unreachable(talk)))
    shown.append((shown[0][0], menu.choose_language("kk")))
    return shown


async def stateless_screens(talk: Talk) -> list[Screen]:
    catalogue = await talk.desk.catalogue(NOW)
    visit = Appointment(
        id=APPOINTMENT,
        status=Status.SCHEDULED,
        resource_id=FIRST_RESOURCE,
        starts_at=NOW,
        ends_at=NOW + timedelta(hours=1),
        service_id=FIRST_SERVICE,
    )
    cancelled = replace(visit, status=Status.CANCELLED)
    moved = replace(visit, starts_at=NOW + timedelta(hours=5), ends_at=NOW + timedelta(hours=6))
    empty = Catalogue((), ())
    return [
        menu.greeting(HOUSE, "kk"),
        menu.choose_language("kk"),
        menu.resume(None),
        menu.left(),
        outcomes.booking_now(),
        outcomes.being_checked(HOUSE),
        cards.visit_card(visit, catalogue, HOUSE, NOW - timedelta(days=1)),
        cards.visit_card(visit, empty, HOUSE, NOW),
        cards.visit_card(cancelled, catalogue, HOUSE, NOW, first=changes.ask_why(APPOINTMENT)),
        changes.too_late_to_change(visit, catalogue, HOUSE),
        changes.told_absent(HOUSE, APPOINTMENT, told=True),
        changes.refused_move(SlotTaken(), APPOINTMENT, HOUSE),
        changes.moving_now(),
        changes.move_unknown(HOUSE),
        menu.kept(APPOINTMENT),
        menu.dropping(APPOINTMENT),
        visit_list.upcoming([visit], catalogue, proven=False),
        visit_list.past([visit], catalogue),
        visit_list.ask_for_consent(()),
        notice.changed(watched(visit, 501, NOW), cancelled, catalogue, HOUSE),
        notice.changed(watched(visit, 501, NOW), moved, catalogue, HOUSE),
        notice.booked_by_staff(visit, catalogue, HOUSE),
        reminder([visit], catalogue, HOUSE, today=NOW.date(), asks=True),
        reminder([visit, moved], catalogue, HOUSE, today=NOW.date(), asks=True),
        which_one([visit, moved], catalogue, "cancel"),
        unreachable_lists(HOUSE),
        changes.ask_to_cancel(visit, catalogue, HOUSE),
        *(changes.changing_now(what) for what in What),
        *(changes.change_unknown(what, HOUSE, APPOINTMENT) for what in What),
        *(changes.not_changed(what, visit, catalogue, HOUSE) for what in What),
        outcomes.changed_since(visit, catalogue, HOUSE),
        outcomes.changed_since(cancelled, catalogue, HOUSE),
        changes.not_to_be_shown(),
        changes.unreachable_visit(HOUSE, APPOINTMENT),
    ]


def choices(screen: Screen) -> list[Choice]:
    return [choice for row in screen.rows for choice in row]


def is_handled(tap: VisitTap) -> bool:
    """Whether a handler is registered for this stateless button."""
    private, _ = build_routers()
    filters: list[Any] = [
        f.callback for handler in private.callback_query.handlers for f in handler.filters or ()
    ]
    rules = [it.rule for it in filters if getattr(it, "callback_data", None) is VisitTap]
    return any(rule is not None and rule.resolve(tap) for rule in rules)


async def test_every_button_of_the_dialogue_fits_and_is_known(
    booking_screens: list[tuple[BookingDraft, Screen]], talk: Talk
) -> None:
    seen = set()
    for locale in LOCALES:
        words = Texts("ru")[locale]
        for draft, screen in booking_screens:
            if screen.shares_phone:
                labels = [button.text for row in reply_keyboard(screen, words).keyboard for button in row]
                assert all(labels)
                assert len(labels) == len(set(labels))
                continue
            keyboard = inline_keyboard(screen, words, draft.key[:8], 999_999)
            for button in [b for row in (keyboard.inline_keyboard if keyboard else []) for b in row]:
                assert button.callback_data is not None
                assert len(button.callback_data.encode()) <= 64, button.callback_data
                tap = Tap.unpack(button.callback_data)
                assert re.fullmatch(r"[ -~]*", button.callback_data), "names do not belong into callback data"
                seen.add(tap.step)
        for _, screen in booking_screens:
            for choice in choices(screen):
                assert choice.step in TAPS | {"language", "locale"} or choice is screen.shares_phone, choice
                assert words.say(choice.label).strip()
    # Every question with buttons, and every way to move about, was among them.
    assert {"category", "service_id", "resource_id", "day", "slot", "consent", "name", "phone"} <= seen
    assert {"back", "cancel", "leave", "stay", "page", "part", "search", "refresh", "change"} <= seen


async def test_every_stateless_button_fits_and_has_a_handler(talk: Talk) -> None:
    words = Texts("ru")["kk"]
    for screen in await stateless_screens(talk):
        keyboard = inline_keyboard(screen, words, None, 0)
        for button in [b for row in (keyboard.inline_keyboard if keyboard else []) for b in row]:
            if button.copy_text is not None:
                assert 1 <= len(button.copy_text.text) <= 256
                continue
            assert button.callback_data is not None
            assert len(button.callback_data.encode()) <= 64
            assert is_handled(VisitTap.unpack(button.callback_data)), button.callback_data


async def test_no_screen_is_longer_than_a_message_and_no_row_is_empty(
    booking_screens: list[tuple[BookingDraft, Screen]], talk: Talk
) -> None:
    from bot.telegram.keyboard import text_of

    words = Texts("ru")["kk"]
    for screen in [screen for _, screen in booking_screens] + await stateless_screens(talk):
        assert 0 < len(text_of(screen, words)) <= 4096
        assert len(choices(screen)) <= 100
        assert all(row for row in screen.rows)


def test_every_question_has_its_state_and_every_state_its_question() -> None:
    states = {name: value.state for name, value in vars(Booking).items() if isinstance(value, State)}
    asked = {state_for(step) for step in BOOKING.names}
    assert None not in asked
    assert len(asked) == len(BOOKING.names)
    assert asked == set(states.values()) - {Booking.checking.state}
    assert state_for(None) is None


def test_every_question_is_a_field_of_the_draft_in_the_same_order() -> None:
    fields = [name for name in BookingDraft.__dataclass_fields__ if name in BOOKING.names]
    assert tuple(fields) == BOOKING.names
    for step in BOOKING.steps.values():
        assert set(step.forgets) <= set(BOOKING.names)


async def test_one_link_being_away_is_a_screen_too(talk: Talk, clinic: LargeClinic) -> None:
    clinic.down = True
    draft = BookingDraft(key="3f2504e0-4f89-41d3-9a0c-0305e82c3301")
    same, screen = await framing.shown(draft, talk)
    assert same == draft
    assert [choice.step for choice in choices(screen)] == ["refresh", "cancel"]
