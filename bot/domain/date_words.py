"""The words of typed dates in Kazakh, Russian and English, and what each stands for.

A phrase becomes a row of symbols (`symbols`), which the grammar in `dates` reads: завтра после 5
and tomorrow after 5 are both TOMORROW AFTER 5; ертең 5-тен кейін is TOMORROW 5 ABL AFTER. A word
may stand for several symbols; an unknown word makes the whole phrase unknown, because what it
says ("not", "except") could turn the meaning round.

The words are folded (see `fold`), so Kazakh typed on a Russian keyboard is covered. Kazakh and
Russian in Latin letters are looked up by sound, after English: on is English, он is ten.
"""

import re
from functools import cache

from bot.domain.fold import fold, latin

#: Kazakh and Russian. W1 is Monday, M1 is January. DNYA is Russian дня: days, or the afternoon.
_CYRILLIC = {
    "TODAY": "бугин бугинги сегодня сегодняшний",
    "TOMORROW": "ертен завтра завтрашний",
    "OVERMORROW": "бурсигуни бурсигун арги послезавтра",
    "YESTERDAY": "кеше вчера",
    "NEXT": "келеси следующий следующая следующую следующее следующей следующем следующие"
    " след будущей будущую",
    "THIS": "осы этот эта эту это этой этом эти этих",
    "COMING": "алдагы ближайший ближайшая ближайшую ближайшее ближайшей ближайшие",
    "WEEKEND": "демалыс демалыста демалысты выходные выходных выходной",
    "WEEK": "апта аптада аптадан аптасы аптанын аптадагы неделя неделю неделе недели недель нед",
    "UNITD": "куннен день дней",
    "DNYA": "дня",
    "KUN": "куни кунги кун кунге",
    "MORNING": "танертен тангы танертенги утром утра утро утру",
    "DAYTIME": "кундиз днем",
    "EVENING": "кеш кешке кешки кештетип вечером вечера вечер вечеру",
    "NIGHT": "ночи",
    "LUNCH": "тус тустен туске тусте обед обеда обеду",
    "AFTERNOON": "послеобеда",
    "NOON": "полдень полудня полдня",
    "HALF": "пол половина половине половину",
    "HALFPAST": "жарым жарымда",
    "CHAS": "час часу",
    "HOUR": "часа часов ч сагаттан сагатта",
    "CLOCK": "сагат",
    "MIN": "мин минут минута",
    "AT": "в во к ко",
    "ON": "на",
    "IN": "через",
    "AFTER": "кеин кейин сон после",
    "BEFORE": "дейин шейин дешин до",
    "FROM": "бастап с со от",
    "OR": "немесе или либо",
    "AND": "жане и мен пен бен",
    "ORD": "числа число",
    "ABL": "тен тан ден дан нен нан",
    "DAT": "ке ка ге га",
    "TEN": "он",
    "TEN ABL": "оннан",
    "TEN DAT": "онга",
    "1": "бир один одного",
    "2": "еки два две двух двум",
    "3": "уш три трех трем",
    "4": "торт четыре четырех четырем",
    "5": "бес пять пяти",
    "6": "алты шесть шести",
    "7": "жети семь семи",
    "8": "сегиз восемь восьми",
    "9": "тогыз девять девяти",
    "10": "десять десяти",
    "11": "одиннадцать одиннадцати",
    "12": "двенадцать двенадцати",
    "1 ORD": "первого",
    "2 ORD": "второго",
    "3 ORD": "третьего",
    "4 ORD": "четвертого",
    "5 ORD": "пятого",
    "6 ORD": "шестого",
    "7 ORD": "седьмого",
    "8 ORD": "восьмого",
    "9 ORD": "девятого",
    "10 ORD": "десятого",
    "11 ORD": "одиннадцатого",
    "12 ORD": "двенадцатого",
    "W1": "дуйсенби понедельник понедельника понедельнику пон пнд дс пн",
    "W2": "сейсенби вторник вторника вторнику втор сс вт",
    "W3": "сарсенби среда среду среды среде ср",
    "W4": "бейсенби четверг четверга четвергу четв бс чт",
    "W5": "жума жм пятница пятницу пятницы пятнице пятн пт",
    "W6": "сенби сб суббота субботу субботы субботе суб",
    "W7": "жексенби жс воскресенье воскресенья воскресенью воскр вс",
    "M1": "кантар кан январь января январе янв",
    "M2": "акпан акп февраль февраля феврале фев февр",
    "M3": "наурыз нау март марта марте мар",
    "M4": "сауир сау апрель апреля апреле апр",
    "M5": "мамыр мам май мая мае",
    "M6": "маусым мау июнь июня июне июн",
    "M7": "шилде шил июль июля июле июл",
    "M8": "тамыз там август августа августе авг",
    "M9": "кыркуйек кыр сентябрь сентября сентябре сен сент",
    "M10": "казан каз октябрь октября октябре окт",
    "M11": "караша кар ноябрь ноября ноябре ноя нояб",
    "M12": "желтоксан жел декабрь декабря декабре дек",
    "": "пожалуйста могу можно хочу хотел хотела бы мне меня запишите запиши запись записаться давайте"
    " удобно где то около примерно г год года году ж жыл жылы отинем маган мени болады болама ма ме ба бе"
    " жазыныз жазылгым келеди шамамен уакыт время",
}

_ENGLISH = {
    "TODAY": "today",
    "TODAY EVENING": "tonight",
    "TOMORROW": "tomorrow tmrw tomorow",
    "YESTERDAY": "yesterday",
    "NEXT": "next following",
    "THIS": "this",
    "COMING": "coming upcoming",
    "WEEKEND": "weekend",
    "WEEK": "week weeks",
    "UNITD": "day days",
    "MORNING": "morning",
    "AFTERNOON": "afternoon",
    "EVENING": "evening",
    "NIGHT": "night",
    "LUNCH": "lunch lunchtime",
    "NOON": "noon midday",
    "HALF": "half",
    "PAST": "past",
    "HOUR": "oclock hour hours h",
    "AM": "am",
    "PM": "pm",
    "AT": "at",
    "ON": "on",
    "FOR": "for",
    "IN": "in",
    "AFTER": "after",
    "BEFORE": "before until till by to",
    "FROM": "from",
    "BETWEEN": "between",
    "OR": "or",
    "AND": "and",
    "": "the a an please i want would like need can could me book visit appointment of around about some"
    " time",
    "1": "one",
    "2": "two",
    "3": "three",
    "4": "four",
    "5": "five",
    "6": "six",
    "7": "seven",
    "8": "eight",
    "9": "nine",
    "10": "ten",
    "11": "eleven",
    "12": "twelve",
    "W1": "monday mon",
    "W2": "tuesday tue tues",
    "W3": "wednesday wed weds",
    "W4": "thursday thu thur thurs",
    "W5": "friday fri",
    "W6": "saturday sat",
    "W7": "sunday sun",
    "M1": "january jan",
    "M2": "february feb",
    "M3": "march mar",
    "M4": "april apr",
    "M5": "may",
    "M6": "june jun",
    "M7": "july jul",
    "M8": "august aug",
    "M9": "september sep sept",
    "M10": "october oct",
    "M11": "november nov",
    "M12": "december dec",
}

#: Endings written right after a number: 10-да, 5-тен, 25-го, 25th, 9ч, 10am.
_AFTER_NUMBER = {
    "LOC": "да де та те da de ta te",
    "DAT": "га ге ка ке ga ge ka ke",
    "ABL": "дан ден тан тен нан нен dan den tan ten nan nen",
    "ORD": "го ого е ое й ому му и ы ши шы инши ыншы нши ншы си сы ине ына инде ында сине сына синде сында"
    " не на th st nd rd i y shi inshi ynshi inde go",
    "HOUR": "ч час часов часа h",
    "AM": "am",
    "PM": "pm",
    "": "г",
}

#: Kazakh case endings of words. Only after a numeral the case matters, and "from" everywhere.
_CASES = (
    ("ABL", ("нан", "нен", "дан", "ден", "тан", "тен", "nan", "nen", "dan", "den", "tan", "ten")),
    ("LOC", ("да", "де", "та", "те", "da", "de", "ta", "te")),
    ("DAT", ("га", "ге", "ка", "ке", "ga", "ge", "ka", "ke")),
    ("", ("нын", "нин", "дын", "дин", "тын", "тин", "nin", "din", "tin", "гы", "ги", "кы", "ки", "gi", "ki")),
)

#: No answer to "when" is longer; longer texts are not read at all.
_LONGEST = 120

#: Too short to be recognised by sound, unless listed: "s 9 do 12", "v 10".
_SHORTEST_BY_SOUND = 3
_SHORT_BUT_KNOWN = frozenset({"в", "с", "к", "до", "на", "уш"})

_NUMBER_AND_ENDING = re.compile(r"(\d{1,2}(?:[:.]\d\d)?)([^\W\d]+)")
_HALF_TO = re.compile(r"(?:пол|pol)(.{4,})")
_NUMBER = re.compile(r"\d+(?:[:./-]\d+)*")


def symbols(text: str) -> list[str] | None:
    """The phrase as a row of symbols; None if it has a word that is not listed here."""
    if len(text) > _LONGEST:
        return None
    glued = re.sub(r"(?<=\d)\s?[-‐‑–]\s?(?=[^\W\d])", "", text)
    dotless = re.sub(r"\b([ap])\.\s?m\b\.?", r"\1m", glued, flags=re.IGNORECASE)
    row: list[str] = []
    for word in fold(dotless).split():
        meaning = _meaning(word)
        if meaning is None:
            return None
        row += meaning.split()
    return row


def _meaning(word: str) -> str | None:
    if _NUMBER.fullmatch(word):
        return word
    if parted := _NUMBER_AND_ENDING.fullmatch(word):
        ending = _table("endings").get(parted[2])
        if ending is None and (month := _meaning(parted[2])) and month.startswith("M"):
            ending = month  # 5-желтоқсан
        return None if ending is None else f"{parted[1]} {ending}"
    plain = _plain_meaning(word)
    if plain is not None:
        return plain
    # полтретьего: half of the third hour
    if (half := _HALF_TO.fullmatch(word)) and (hour := _plain_meaning(half[1])) and hour.endswith("ORD"):
        return f"HALF {hour}"
    return _inflected(word)


def _plain_meaning(word: str) -> str | None:
    """By spelling, in its own script, then by sound."""
    own = _table("english" if word.isascii() else "cyrillic").get(word)
    return own if own is not None else _table("by sound").get(latin(word))


def _inflected(word: str) -> str | None:
    """A Kazakh weekday, month, day word or numeral with a case ending: жұмада, желтоқсанның, үшке."""
    for case, endings in _CASES:
        for ending in endings:
            stem = _plain_meaning(word.removesuffix(ending)) if word.endswith(ending) else None
            if stem and re.fullmatch(r"[WM]?\d+|TODAY|TOMORROW|OVERMORROW|WEEKEND|TEN", stem):
                matters = case == "ABL" or stem.isdecimal() or stem == "TEN"
                return f"{stem} {case}" if matters else stem
    return None


@cache
def _table(name: str) -> dict[str, str]:
    """Word -> symbols. Built at first use: importing must cost nothing."""
    if name == "by sound":
        return {
            latin(word): meaning
            for word, meaning in _table("cyrillic").items()
            if len(word) >= _SHORTEST_BY_SOUND or word in _SHORT_BUT_KNOWN
        }
    source = {"cyrillic": _CYRILLIC, "english": _ENGLISH, "endings": _AFTER_NUMBER}[name]
    return {word: meaning for meaning, words in source.items() for word in words.split()}
