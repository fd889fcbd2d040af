"""What a client means who answers the reminder of a visit by typing: Приду. Келе алмаймын. Another time?

As with typed dates (see `date_words`), words and phrases become symbols, and the symbols must make
up clauses of a small grammar, all of them: не смогу прийти is NOT CAN TO_GO, which says "not coming".
A word that is not listed here ("late", "if", "maybe") could turn the meaning round, so a text that has
one is not understood. It is better to ask than to cancel a visit that someone is on the way to.
"""

import re
from collections.abc import Sequence
from enum import StrEnum
from functools import cache

from bot.domain.date_words import symbols
from bot.domain.fold import fold, latin


class Reply(StrEnum):
    """An answer to: will you come?"""

    COMING = "coming"
    NOT_COMING = "not_coming"
    ANOTHER_TIME = "another_time"


#: Kazakh and Russian, as spelt; looked up folded, so also as typed without Kazakh letters. GO is "I come",
#: TO_GO "to come", and so on; ASK opens or ends a request or a question. No symbol: says nothing of itself.
_CYRILLIC = {
    "YES": "да, ага, угу, ок, окей, хорошо, ладно, договорились, конечно, точно, обязательно, непременно,"
    " подтверждаю, подтвердить, подтверждаем, согласен, согласна, в силе, иә, ия, жарайды, жақсы, болады,"
    " мақұл, әрине, келістік, келісемін, растаймын, растаймыз, растау, міндетті түрде",
    "NO": "нет, неа, конечно нет, жоқ",
    "NOT": "не",
    # Not how one asks to leave it: a comma is missing, or an ending is wrong. In no clause.
    "GARBLED": "не отменить, не отмена, не отмените, не отмени, не буду отменить",
    "GO": "приду, придем, подойду, подойдем, приеду, приедем, подъеду, подъедем, иду, идем, еду, едем,"
    " келемін, келем, келеміз, барамын, барам, барамыз, бара жатырмын, келе жатырмын, боламын, болам,"
    " боламыз, қатысамын",
    "NOT GO": "келмеймін, келмейм, келмейміз, келмеспін, бармаймын, бармайм, бармаймыз, болмаймын,"
    " қатыспаймын, келмейтін болдым, бармайтын болдым, үлгермеймін, үлгере алмаймын, жоқ боламын, жоқ болам,"
    " жоқ боламыз, меня не будет, нас не будет",
    "TO_GO": "прийти, придти, приити, приходить, подойти, приехать, подъехать, быть, явиться, келе, бара,"
    " қатыса, келуге, баруға, келуім, баруым",
    "BE": "буду, будем",
    "CAN": "смогу, сможем, получится, получиться, получается, выйдет, успею, успеваю, успеем, успеваем",
    "NOT CAN": "не могу, не можем",
    "ABLE": "аламын, алам, аламыз",
    "CANT": "алмаймын, алмайм, алмаймыз, алмаспын, алмай қалдым, алмай қаламын, алмай тұрмын,"
    " алмай жатырмын, алмайтын болдым, алмайтын болып тұрмын, мүмкін емес, мүмкіндігім жоқ,"
    " мүмкіндігім болмай тұр",
    "CANCEL": "отмените, отмени, отменяйте, отменяй, отменяем, отменим, отменяю, снимите, удалите,"
    " болдырмаңыз, болдырмаңызшы, болдырма, бас тартамын, бас тартамыз, бас тартқым келеді, тоқтатыңыз,"
    " тоқтатыңызшы, жойыңыз, жойыңызшы, күшін жойыңыз, өшіріңіз, алып тастаңыз, алып тастаңызшы",
    "TO_CANCEL": "отменить, отменять, отмена, отмену, болдырмау, болдырмауға, болдырмауды, бас тарту,"
    " бас тартуға, жою, жоюға, күшін жою, алып тастау, алып тастауға",
    "NOT CANCEL": "болдырмамаңыз, бас тартпаймын, бас тартпаңыз, тоқтатпаңыз, жоймаңыз, өшірмеңіз,"
    " алып тастамаңыз",
    "MOVE": "перенесите, перенеси, переносите, перенесем, переносим, перезапишите, сдвиньте,"
    " поменяйте время, измените время, ауыстырыңыз, ауыстырыңызшы, ауыстыршы, ауыстырайық,"
    " ауыстырып беріңіз, ауыстырып беріңізші, ауыстырсаңыз, ауыстырғым келеді, көшіріңіз, көшіріңізші,"
    " жылжытыңыз, жылжытыңызшы, кейінге қалдырыңыз, уақытын өзгертіңіз, уақытты өзгертіңіз,"
    " кейінге қалдырыңызшы",
    "TO_MOVE": "перенести, переносить, перенос, перезаписаться, перезаписать, сдвинуть, поменять время,"
    " изменить время, сменить время, поменять день, изменить день, поменять дату, изменить дату, ауыстыру,"
    " ауыстыруға, ауыстыруды, ауыстыра, ауыстырып, көшіру, көшіруге, жылжыту, жылжытуға, кейінге қалдыру,"
    " уақытын өзгерту, уақытын өзгертуге, уақытты өзгертуге, кейінге қалдыруға",
    "NOT MOVE": "ауыстырмаңыз, ауыстырмаймын, көшірмеңіз, жылжытпаңыз",
    "OTHER": "другое время, другой день, другую дату, другой раз, в другое время, другую неделю, другие дни,"
    " иное время, басқа уақытқа, басқа уақыт, басқа уақытта, басқа күнге, басқа күні, басқа күн",
    "BOOK": "запишите, записать, записаться, жазыңыз, жазыңызшы, жазылуға",
    "WANT": "хочу, хотим, хотел бы, хотела бы, хотели бы, хотелось бы, хорошо бы, нужно, надо, придется,"
    " вынужден, вынуждена, лучше, давайте, давай, давайте лучше, лучше давайте, керек, қажет",
    "NOT WANT": "керек емес, қажет емес",
    "REASON": "заболел, заболела, приболел, приболела, болею, передумал, передумала, ауырып қалдым,"
    " ауырып тұрмын",
    "ASK": "можно, можно ли, возможно ли, нельзя ли, можете, можете ли, могли бы, не могли бы, не можете,"
    " могу, можем, могу ли, ма, ме, ба, бе, па, пе, бола ма, болама, болады ма, болар ма, аласыз ба,"
    " бере аласыз ба, мүмкін бе",
    "": "я, мы, вы, мне, нам, меня, нас, мой, мою, моя, на, в, к, ко, с, и, а, но, же, уже, все, бы, вас,"
    " увы, прошу, тогда, пожалуйста, пожалуста, пжл, пж, спасибо, благодарю, здравствуйте, здрасьте, привет,"
    " добрый день, доброе утро, добрый вечер, к сожалению, извините, простите, извиняюсь, запись, записи,"
    " визит, визита, прием, приема, приеме, вам, мен, біз, сіз, маған, менің, да, де, және, бірақ, онда,"
    " өтінемін, өтінем, рахмет, рақмет, сәлеметсіз бе, сәлем, ассалаумағалейкум, қайырлы күн, қайырлы таң,"
    " қайырлы кеш, өкінішке орай, өкінішке қарай, кешіріңіз, кешіріңізші, жазылу, жазылуды, жазылуым,"
    " жазылуымды, жазылудан, жазба, жазбаны, жазбамды, қабылдау, қабылдауды, қабылдауға, уақытты, уақытын,"
    " күнді, күнін",
}

#: Looked up only in words of plain Latin letters, and first: be is "to be" there, бе a Kazakh question.
_ENGLISH = {
    "YES": "yes, yep, yeah, ok, okay, sure, alright, all right, of course, definitely, certainly, confirm,"
    " confirmed, i confirm, agreed",
    "NO": "no, nope, nah",
    "NOT": "not, dont, do not, never",
    "GO": "coming, attending, on my way",
    "NOT GO": "no coming, no come",
    "TO_GO": "come, be coming, attend, be attending, make it, be there, be here, go, show up",
    "WILL": "will",
    "ILL": "ill, well",
    "NOT WILL": "wont, will not, ill not",
    "CAN": "can, able, will be able, ill be able, be able",
    "NOT CAN": "cant, cannot, can not, unable, wont be able, will not be able, will be unable",
    "TO_CANCEL": "cancel, cancellation, call off",
    "CANCEL": "cancelling, canceling",
    "TO_MOVE": "reschedule, move, postpone, change the time, change time, change the date, change date,"
    " change the day",
    "MOVE": "rescheduling",
    "OTHER": "another time, another day, another date, other time, other day, different time, different day,"
    " some other time, some other day",
    "BOOK": "book",
    "WANT": "want, need, have, must, would like, id like, would prefer, id prefer, lets, let us",
    "NOT WANT": "no need",
    "REASON": "im ill, am ill, im sick, am sick, got sick",
    "ASK": "can i, can we, can you, could i, could we, could you, may i, may we, cant we, is it possible,"
    " possible",
    "": "i, im, am, we, were, are, us, me, it, do, by, how about, what about, a, an, the, my, our, this, to,"
    " for, on, at, and, but, please, pls, plz, sorry, im sorry, im afraid, unfortunately, hello, hi, hey,"
    " good morning, good afternoon, good evening, good day, thanks, thank you, visit, appointment, booking",
}

#: What a row of symbols says, the longest first. MAY_CANCEL is a request that may have a question mark;
#: NOTHING is understood and decides nothing: не буду переносить tells neither that someone comes nor not.
_CLAUSES = {
    "COMING": "GO, BE, CAN, WILL, BE TO_GO, WILL TO_GO, ILL TO_GO, CAN TO_GO, TO_GO CAN, TO_GO ABLE,"
    " NOT CANCEL, NOT TO_CANCEL, NOT BE TO_CANCEL, NOT WILL TO_CANCEL, NOT WANT TO_CANCEL,"
    " TO_CANCEL NOT WANT, BE TO_CANCEL NOT WANT, TO_CANCEL NOT BE",
    "NOT_COMING": "NOT GO, NOT BE, NOT CAN, NOT WILL, NOT BE TO_GO, NOT WILL TO_GO, NOT CAN TO_GO,"
    " TO_GO NOT CAN, TO_GO CANT, TO_GO NOT BE, NOT WANT TO_GO, CANCEL, TO_CANCEL, WANT CANCEL,"
    " WANT TO_CANCEL, TO_CANCEL WANT, BE TO_CANCEL, WILL TO_CANCEL, ILL TO_CANCEL",
    "MAY_CANCEL": "ASK TO_CANCEL, TO_CANCEL ASK, CAN TO_CANCEL, ASK CANCEL",
    "ANOTHER_TIME": "MOVE, TO_MOVE, WANT MOVE, WANT TO_MOVE, TO_MOVE WANT, ASK MOVE, ASK TO_MOVE,"
    " TO_MOVE ASK, CAN TO_MOVE, BE TO_MOVE, WILL TO_MOVE, ILL TO_MOVE, OTHER, BOOK OTHER, OTHER BOOK,"
    " WANT OTHER, ASK BOOK OTHER, WANT BOOK OTHER, NOT GO OTHER MOVE",
    "AGREED": "YES",
    "REFUSED": "NO",
    "NOTHING": "REASON, ASK, ASK TO_GO, WANT TO_GO, NOT WANT, NOT MOVE, NOT TO_MOVE, NOT BE TO_MOVE,"
    " NOT WILL TO_MOVE, NOT WANT TO_MOVE, TO_MOVE NOT WANT, TO_MOVE NOT BE",
    # "I cannot cancel" asks for help, or lacks a comma; "no cancel" is anything.
    "UNCLEAR": "NOT CAN TO_CANCEL, NOT CAN TO_MOVE, TO_CANCEL NOT CAN, TO_MOVE NOT CAN, NO TO_CANCEL,"
    " NO TO_MOVE, NOT GO OTHER, NOT BE OTHER, NOT CAN OTHER, NOT CAN TO_GO OTHER, OTHER NOT GO,"
    " OTHER NOT BE, OTHER NOT CAN, OTHER TO_GO NOT CAN, OTHER TO_GO CANT",
}

#: Answers are short; who writes more has something to say that a clause of these would miss.
_MOST_WORDS = 12
_LONGEST = 200

_LONGEST_PHRASE = 4
_LONGEST_CLAUSE = 4

_STOP = re.compile(r"[.,;:!?…()\n]|\s[-‐‑–—]+\s")

#: Signs that are a whole answer: a plus is how many say "yes" to a message.
_YES_SIGNS = frozenset({"+", "👍", "✅"})
_SKIN_TONES = "🏻🏼🏽🏾🏿\ufe0f"

_DAYS = frozenset({"TODAY", "TOMORROW", "OVERMORROW", *(f"W{n}" for n in range(1, 8))})


def read_reply(text: str) -> Reply | None:
    """What the answer means; None if any of its words is unknown, or if it says two things.

    A bare "yes" counts, so only ask this of a text that follows a reminder.
    """
    if text.strip().rstrip(_SKIN_TONES) in _YES_SIGNS:
        return Reply.COMING
    if len(text) > _LONGEST or len(fold(text).split()) > _MOST_WORDS:
        return None
    parts = _parts(text)
    if parts is None:
        return None
    said: list[str] = []
    for part in parts:
        clauses = _clauses_in(part)
        if clauses is None:
            return None
        said += clauses
    reply = _decided(said)
    asks = "?" in text or "？" in text or any("ASK" in part for part in parts)
    days = sum(part.count("DAY") for part in parts)
    match reply:
        case Reply.COMING if asks or days:  # "I come tomorrow" may be another day than the visit's
            return None
        case Reply.NOT_COMING if asks and "MAY_CANCEL" not in said:
            return None
        case Reply.NOT_COMING if days and (days > 1 or ["DAY"] in parts or said == ["REFUSED"]):
            return None  # "not coming, tomorrow" may want another day
    return reply


def _decided(said: Sequence[str]) -> Reply | None:
    """One answer out of what the clauses say, in their order."""
    # "No" opens an answer. Later on it takes back what was said.
    if "UNCLEAR" in said or "REFUSED" in said[1:]:
        return None
    if "ANOTHER_TIME" in said:
        return Reply.ANOTHER_TIME
    comes, stays_away = "COMING" in said, "NOT_COMING" in said or "MAY_CANCEL" in said
    if comes or stays_away:
        return None if comes and stays_away else Reply.COMING if comes else Reply.NOT_COMING
    # Yes and no count when nothing else says more, as "yes, cancel" does.
    if set(said) == {"AGREED"}:
        return Reply.COMING
    return Reply.NOT_COMING if said == ["REFUSED"] else None


def _parts(text: str) -> list[list[str]] | None:
    """The symbols between stops, without parts that say nothing; None if a word is unknown.

    Stops matter: не, отмените is the contrary of не отменяйте.
    """
    parts: list[list[str]] = []
    for piece in _STOP.split(text):
        row = _row(piece)
        if row is None:
            return None
        if row[-1:] == ["NOT"]:
            row[-1] = "NO"
        # прийти, к сожалению, не смогу; не смогу, увы, прийти
        if row and parts and (row[0] == "TO_GO" or parts[-1] == ["TO_GO"]):
            parts[-1] += row
        elif row:
            parts.append(row)
    return parts


def _row(piece: str) -> list[str] | None:
    words, sounds = fold(piece).split(), latin(piece).split()
    if len(words) != len(sounds):
        return None  # a soft sign on its own, or the like
    row: list[str] = []
    at = 0
    while at < len(words):
        for end in range(min(at + _LONGEST_PHRASE, len(words)), at, -1):
            meaning = _meaning(" ".join(words[at:end]), " ".join(sounds[at:end]))
            if meaning is not None:
                break
        else:
            return None
        row += meaning.split()
        at = end
    return row


def _meaning(phrase: str, sound: str) -> str | None:
    """By spelling, in its own script, then by sound, then as a day."""
    own = _phrases("english").get(phrase) if phrase.isascii() else None
    if own is None:
        own = _phrases("cyrillic").get(phrase)
    if own is None:
        own = _phrases("by sound").get(sound)
    if own is None and " " not in phrase and set(symbols(phrase) or ("",)) <= _DAYS:
        return "DAY"
    return own


def _clauses_in(part: Sequence[str]) -> list[str] | None:
    """What each clause says, the longest taken first; None if a symbol is in no clause.

    A day may stand anywhere but after "not", and is left out: не смогу завтра прийти.
    """
    row = [it for i, it in enumerate(part) if it != "DAY" or part[i - 1 : i] == ["NOT"]]
    said: list[str] = []
    at = 0
    while at < len(row):
        for end in range(min(at + _LONGEST_CLAUSE, len(row)), at, -1):
            meaning = _phrases("clauses").get(" ".join(row[at:end]))
            if meaning is not None:
                break
        else:
            return None
        said.append(meaning)
        at = end
    return said


@cache
def _phrases(name: str) -> dict[str, str]:
    """Phrase -> symbols, or symbols -> meaning. Built at first use: importing must cost nothing.

    Of two meanings of one phrase (да: "yes", and Kazakh "too") the first listed holds.
    """
    source = {"english": _ENGLISH, "clauses": _CLAUSES}.get(name, _CYRILLIC)
    key = {"cyrillic": fold, "english": fold, "by sound": latin}.get(name, str)
    table: dict[str, str] = {}
    for meaning, phrases in source.items():
        for phrase in phrases.split(", "):
            table.setdefault(key(phrase), meaning)
    return table
