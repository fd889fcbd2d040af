"""Relaying for one client: what the client wrote to the operators, what they answered to the client.

One hand relays for a client; its process may die anywhere and another one begins again. Towards One-Link
everything is repeat-safe. What fails again and again for no reason that passes is given up, lest it keep
what follows waiting for ever.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog
from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest, TelegramForbiddenError, TelegramUnauthorizedError

from bot.dialogue import handoff as screens
from bot.dialogue.screen import Screen
from bot.domain.errors import Gone, NotPermitted, OneLinkUnreachable, Refused
from bot.domain.handoff import Call, Handoff, Post, Stage, Thread
from bot.domain.thread import ThreadMessage, Whose
from bot.onelink.files import Files
from bot.relay_storage import Claim, ClaimLost
from bot.storage import Turn
from bot.telegram.card import Card
from bot.telegram.front import Front
from bot.telegram.handoff import bot_is_back
from bot.telegram.middleware import PASSING
from bot.telegram.operators import new_id
from bot.telegram.posting import GIVEN_UP_AFTER, Posting
from bot.telegram.showing import Showing, meant_for
from bot.usecases.handoffs import WITH_OPERATORS, Handoffs

log = structlog.get_logger(__name__)

#: A conversation of the bot's is looked at this often, for so long after the last words in it: operators
#: may write there, and a doorbell may be lost.
QUIET_LOOK, QUIET_FOR = timedelta(minutes=5), timedelta(minutes=30)
#: A page of messages is full with 100; those that cannot be read are not counted.
NEARLY_A_PAGE = 90
#: So many pages, and posts, in one go; the rest when everybody else has had a turn.
MOST_PAGES, MOST_POSTS = 10, 20
#: The longer it has been quiet, the more seldom an open conversation is looked at, down to this.
SLOWEST_LOOK = timedelta(seconds=30)
#: After so many failed tries (half a minute) the client is told that the clinic's system does not answer.
TOLD_AFTER = 5
#: Nobody's fault but the neighbours', or for whoever runs the bot to mend: waited for without end.
WILL_PASS = (*PASSING, OneLinkUnreachable, NotPermitted, Gone, ClaimLost, TelegramUnauthorizedError)


@dataclass(frozen=True, slots=True)
class Relaying:
    """`look_every`: how often an open conversation is looked at without a doorbell. `idle`: after so long
    without a word the bot answers again."""

    bot: Bot
    front: Front
    handoffs: Handoffs
    posting: Posting
    files: Files
    look_every: timedelta
    idle: timedelta

    async def relay(self, claim: Claim, now: datetime, stopping: Callable[[], bool]) -> datetime | None:
        """Everything that is to be done for this client; when to look again (None: when a doorbell rings).

        Raises what will pass. What was done until then is stored. `stopping`: whether to leave the rest to
        another process.
        """
        threads = await self._threads(claim)
        for _ in range(MOST_POSTS):
            post = await self._post(claim)
            if post is None:
                break
            if stopping():
                return now
            await self._pass_on(claim, post, threads, now)
            claim.tries = 0
        else:
            return now  # everybody else has a turn
        due = []
        for thread in threads.values():
            try:
                fresh = await self._read(claim, thread, now, stopping)
            except Gone:
                log.warning("conversation_is_gone")
                await self._back_to_bot(claim.client_id, thread.handoff_id, now, screens.ended_by_staff())
                continue
            if stopping():
                return now
            due.append(await self._look_again_at(claim.client_id, fresh, now))
        return min((moment for moment in due if moment is not None), default=None)

    async def trouble(self, client_id: int, now: datetime, tries: int) -> None:
        """One-Link has not answered so often: a client who waits for a person is told."""
        if tries != TOLD_AFTER:
            return
        async with self._turn(client_id, now) as (turn, card):
            handoff = turn.client.handoff
            if handoff is None:
                return
            screen = screens.not_reached_yet(self.front.house)
            if handoff.stage is Stage.CALLING and handoff.card_id is not None:
                await card.redraw(handoff.card_id, screen)
            else:
                await card.write(screen)

    async def _threads(self, claim: Claim) -> dict[int, Thread]:
        """Of those that this version cannot read only the beginning is lost: they are found again in
        One-Link."""
        try:
            return await self.front.storage.relays.threads(claim.client_id)
        except ValueError:
            if claim.tries < GIVEN_UP_AFTER:
                raise
            log.error("threads_given_up")
            return {}

    async def _post(self, claim: Claim) -> Post | None:
        while True:
            try:
                return await claim.post()
            except ValueError:
                if claim.tries < GIVEN_UP_AFTER:
                    raise
                log.error("post_given_up")
                await claim.drop_post()

    async def _pass_on(self, claim: Claim, post: Post, threads: dict[int, Thread], now: datetime) -> None:
        """One-Link has this post, or it was given up. A call never is: its client can end the waiting."""
        thread: Thread | None = None
        try:
            thread = await self.posting.pass_on(claim, post, threads, now)
        except WILL_PASS:
            raise
        except Exception as error:
            if claim.tries < GIVEN_UP_AFTER or isinstance(post, Call):
                raise
            log.exception("post_given_up", error=type(error).__name__)
        if thread is not None:
            await claim.save_thread(thread)
            threads[thread.conversation_id] = thread
        await claim.drop_post()

    async def _read(
        self, claim: Claim, thread: Thread, now: datetime, stopping: Callable[[], bool]
    ) -> Thread:
        """Show what is new, in order; then follow the status."""
        before = thread.status
        showing = Showing(self.bot, self.front, self.handoffs, self.files, claim)
        for _ in range(MOST_PAGES):
            news = await self.handoffs.news(thread)
            thread = replace(thread, status=news.status)
            for message in news.messages:
                if stopping():
                    return thread
                thread = await self._show(showing, thread, message, now)
                claim.tries = 0
            if len(news.messages) < NEARLY_A_PAGE:
                break
        thread = await self._follow(claim, thread, before, now)
        await showing.look_back(thread, news, now)
        return thread

    async def _show(self, showing: Showing, thread: Thread, message: ThreadMessage, now: datetime) -> Thread:
        try:
            if meant_for(message) is Whose.OPERATOR:
                if thread.status != "resolved":  # else: the last words of a talk that is over
                    thread = await self._taken_over(showing.claim.client_id, thread, now)
                thread = replace(thread, answered_at=now, quiet_since=now)
            return await showing.show(thread, message)
        except WILL_PASS:
            raise
        except Exception as error:
            if showing.claim.tries < GIVEN_UP_AFTER:
                raise
            log.exception("message_given_up", error=type(error).__name__)
            return await showing.give_up(thread, message)

    async def _follow(self, claim: Claim, thread: Thread, before: str, now: datetime) -> Thread:
        """Whoever changed the status in One-Link has said who answers from now on."""
        client = await self.front.storage.client(claim.client_id)
        handoff, with_operators = client.handoff, thread.status in WITH_OPERATORS
        if handoff is not None and handoff.stage is Stage.HUMAN and handoff.id == thread.handoff_id:
            if not with_operators:
                await self._back_to_bot(claim.client_id, handoff.id, now, screens.ended_by_staff())
        elif handoff is None and with_operators and before and before not in WITH_OPERATORS:
            thread = await self._taken_over(claim.client_id, thread, now)
        await claim.save_thread(thread)
        return thread

    async def _taken_over(self, client_id: int, thread: Thread, now: datetime) -> Thread:
        """Operators answer from now on, of their own accord, if they do not already (section 2.5)."""
        handoff = (await self.front.storage.client(client_id)).handoff
        if handoff is None:
            async with self._turn(client_id, now) as (turn, card):
                handoff = turn.client.handoff
                if handoff is None:
                    await card.write(screens.taken_over())
                    handoff = Handoff(id=new_id(), stage=Stage.HUMAN, since=now)
                    turn.client = replace(turn.client, handoff=handoff)
                    thread = replace(thread, handoff_id=handoff.id)
        if thread.status != "pending" or thread.handoff_id != handoff.id:
            return thread
        try:
            return await self.handoffs.take_over(thread)
        except Refused as refusal:  # the operator's words must not wait for the status
            log.warning("not_taken_over", code=refusal.code, status=refusal.status)
            return thread

    async def _back_to_bot(self, client_id: int, handoff_id: str, now: datetime, said: Screen) -> None:
        async with self._turn(client_id, now) as (turn, card):
            if turn.client.handoff is None or turn.client.handoff.id != handoff_id:
                return  # the client has gone back already, perhaps called again
            try:
                await bot_is_back(card, self.front.talk_in(card.words.locale, turn, now), self.front, said)
            except (TelegramForbiddenError, TelegramBadRequest) as error:
                log.info("bot_is_back_untold", error=type(error).__name__)
                turn.client = replace(turn.client, handoff=None)

    @asynccontextmanager
    async def _turn(self, client_id: int, now: datetime) -> AsyncIterator[tuple[Turn, Card]]:
        async with self.front.storage.turn(client_id) as turn:
            assert turn is not None  # noqa: S101 (only an update can have been handled before)
            yield turn, Card(self.bot, turn, self.front.texts[turn.client.speaks], now)

    async def _look_again_at(self, client_id: int, thread: Thread, now: datetime) -> datetime | None:
        """When to look without a doorbell; on the way, nobody is left waiting in silence."""
        handoff = (await self.front.storage.client(client_id)).handoff
        quiet_for = now - thread.quiet_since
        if handoff is None or handoff.id != thread.handoff_id:
            # Somebody may still answer in one that was left open.
            wanted = quiet_for < QUIET_FOR or thread.status in WITH_OPERATORS
            return now + QUIET_LOOK if wanted else None
        waiting = await self._waiting_since(thread, handoff, now)
        if waiting is not None:
            if now - waiting >= self.idle:
                await self._left_alone(client_id, thread, handoff, now)
                return now + QUIET_LOOK
            patient = handoff.told_waiting or thread.answered_at is not None
            if not patient and now - waiting >= self.front.house.patience:
                await self._say_nobody_answers(client_id, handoff.id, now, now - waiting)
        return now + min(max(self.look_every, quiet_for / 10), SLOWEST_LOOK)

    async def _waiting_since(self, thread: Thread, handoff: Handoff, now: datetime) -> datetime | None:
        """Since when the client has been waiting for a word; None while nobody is at work. Hours in which
        nobody is at work do not count, unless somebody has answered already."""
        hours = self.front.house.office_hours
        since = max(handoff.since, thread.quiet_since) if thread.answered_at else handoff.since
        if hours is None:
            return since
        zone = (await self.front.desk.known_catalogue(now)).zone
        local = now.astimezone(zone)
        if not hours.covers(local):
            return None
        return since if thread.answered_at else max(since, hours.opened_last(local))

    async def _say_nobody_answers(
        self, client_id: int, handoff_id: str, now: datetime, waited: timedelta
    ) -> None:
        async with self._turn(client_id, now) as (turn, card):
            handoff = turn.client.handoff
            if handoff is not None and handoff.id == handoff_id and not handoff.told_waiting:
                minutes = max(1, int(waited / timedelta(minutes=1)))
                await card.write(screens.nobody_yet(self.front.house, minutes))
                turn.client = replace(turn.client, handoff=replace(handoff, told_waiting=True))

    async def _left_alone(self, client_id: int, thread: Thread, handoff: Handoff, now: datetime) -> None:
        """In One-Link the conversation stays as it is: should somebody answer after all, it goes on."""
        said = self.front.texts[self.front.texts.default].say(screens.left_alone())
        try:
            await self.handoffs.note(thread, said, f"idle-{handoff.id}")
        except Refused as refusal:
            log.warning("note_not_left", code=refusal.code, status=refusal.status)
        await self._back_to_bot(client_id, handoff.id, now, screens.idle_for_long())
