"""Typed answers to the reminder of a visit."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.domain.replies import Reply, read_reply


@pytest.mark.parametrize(
    "text",
    [
        # Russian
        "приду",
        "Я приду",
        "буду",
        "Придём!",
        "да приду",
        "Да, обязательно буду 😊",
        "подтверждаю",
        "Подтверждаю запись.",
        "да",
        "ДА!!!",
        "да-да",
        "ок",
        "о'кей",
        "хорошо",
        "хорошо, спасибо",
        "Добрый день! Буду, спасибо",
        "смогу прийти",
        "Конечно",
        "все в силе",
        "уже еду",
        "не отменяйте",
        "Не отменяйте, пожалуйста",
        "приду, не отменяйте",
        "приду не отменяйте",
        "Нет, не отменяйте!",
        "Буду, отменять не надо",
        "буду отменять не надо",
        "не надо отменять",
        "не хочу отменять",
        "не буду отменять, приду",
        "приду, не переносите",
        "не, приду",
        "нет, приду",
        "✓ Приду",
        "+",
        "👍",
        "👍🏽",
        # Kazakh
        "келемін",
        "✓ Келемін",
        "Иә, келемін",
        "иә келемін 🙏",
        "барамын",
        "мен барамын",
        "Мен де келемін",
        "иә",
        "Ия",
        "растаймын",
        "Сәлеметсіз бе! Келемін, рахмет",
        "міндетті түрде келемін",
        "келе аламын",
        "келе жатырмын",
        "жарайды",
        "әрине",
        "болдырмамаңыз",
        "жоқ, келемін",
        "келемін, бас тартпаңыз",
        "болдырмау керек емес",
        # Kazakh with Russian letters, and in Latin ones
        "келемин",
        "ия келемин",
        "салеметсиз бе, барамын",
        "kelemin",
        "ia, kelemin",
        "Iyä kelemin",
        "baramyn",
        "rastaimyn",
        "ärine",
        "zharaidy",
        # Russian in Latin letters
        "pridu",
        "da, budu",
        "ya pridu",
        "podtverzhdayu",
        "horosho",
        # English
        "I will come",
        "I'll be there",
        "I’ll come, thanks",
        "yes",
        "Yes, please",
        "confirmed",
        "I confirm",
        "OK!",
        "I'm coming",
        "We're coming 🎉",
        "I can come",
        "I will",
        "Yes, I will",
        "will be there",
        "Hello, yes I will be there",
        "please don't cancel",
        "I won't cancel",
        "no need to cancel, I'll be there",
    ],
)
def test_who_says_so_is_coming(text: str) -> None:
    assert read_reply(text) is Reply.COMING


@pytest.mark.parametrize(
    "text",
    [
        # Russian
        "не приду",
        "Я не приду",
        "не придём",
        "НЕ ПРИДУ!!!",
        "не буду",
        "не смогу",
        "не смогу прийти",
        "Не смогу, к сожалению, прийти",
        "прийти, увы, не смогу",
        "Не смогу завтра прийти",
        "завтра не приду",
        "не могу в пятницу",
        "не получится",
        "К сожалению, не получится прийти 😔",
        "не успеваю",
        "не хочу приходить",
        "отмените",
        "Отмените, пожалуйста, мою запись",
        "не, отмените",
        "нет, отмените",
        "да, отмените",
        "отмена",
        "отмена записи",
        "Отменить запись",
        "хочу отменить",
        "прошу отменить визит",
        "можно отменить?",
        "не могли бы вы отменить запись?",
        "давайте лучше отменим",
        "отмена, не смогу",
        "подтверждаю отмену",
        "нет",
        "Нет, не приду",
        "нет, завтра не приду",
        "да не приду я",
        "заболела, не приду",
        "меня не будет",
        "передумал, отмените",
        # Kazakh
        "келе алмаймын",
        "Мен келе алмаймын",
        "Өкінішке орай, келе алмаймын",
        "келе алмай қалдым",
        "ертең келе алмаймын",
        "келмеймін",
        "бара алмаймын",
        "бармаймын",
        "келуге мүмкіндігім жоқ",
        "болдырмаңыз",
        "Өтінемін, болдырмаңызшы",
        "жазылуды болдырмау",
        "Жазылудан бас тарту",
        "бас тартамын",
        "болдырмауға бола ма?",
        "жазбаны өшіріңіз",
        "жоқ",
        "жоқ, келмеймін",
        "жоқ боламын",
        # Kazakh with Russian letters, and in Latin ones
        "келмеймин",
        "окинишке орай келе алмаймын",
        "болдырманыз",
        "kele almaimyn",
        "kele almaymın",
        "kelmeimin",
        "bara almaimyn",
        "boldyrmañyz",
        "joq, kelmeimin",
        # Russian in Latin letters
        "ne pridu",
        "ne smogu priyti",
        "otmena",
        "otmenite pozhaluysta",
        # English
        "can't make it",
        "I can’t make it, sorry",
        "cannot come",
        "I can not come tomorrow",
        "I won't come",
        "I will not come",
        "I'm not coming",
        "Unfortunately I won't be able to come",
        "I will not be able to come",
        "unable to attend",
        "cancel",
        "Cancel my visit",
        "Cancel the visit",
        "please cancel",
        "I need to cancel",
        "I'd like to cancel my appointment",
        "Can I cancel?",
        "could you please cancel my booking",
        "I'm ill, I can't come",
        "no",
        "No, I won't",
        "yes, cancel",
    ],
)
def test_who_says_so_is_not_coming(text: str) -> None:
    assert read_reply(text) is Reply.NOT_COMING


@pytest.mark.parametrize(
    "text",
    [
        # Russian
        "перенесите",
        "Перенесите, пожалуйста!",
        "можно перенести?",
        "Можно перенести на другое время?",
        "нельзя ли перенести запись?",
        "не могли бы вы перенести",
        "хочу перенести",
        "на другое время",
        "Другое время",
        "другой день",
        "давайте в другой день",
        "давайте перенесём на завтра",
        "перенесите с пятницы на субботу",
        "лучше в другой раз",
        "запишите меня на другой день",
        "не смогу, перенесите",
        "не смогу перенесите",
        "Не смогу прийти, можно в другой день?",
        "перенесите, а не отменяйте",
        "не отменяйте, перенесите",
        "приду в другой день",
        "да, перенесите",
        # Kazakh
        "басқа уақытқа",
        "Басқа уақыт",
        "басқа күнге ауыстыруға бола ма",
        "басқа күнге ауыстыруға бола ма?",
        "ауыстырыңыз",
        "Өтінемін, ауыстырып беріңізші",
        "уақытын ауыстырғым келеді",
        "басқа күнге ауыстырып бере аласыз ба?",
        "келе алмаймын, басқа күнге ауыстырыңыз",
        "келмеймін басқа күнге ауыстырыңыз",
        "ертеңге ауыстырыңыз",
        "уақытын өзгертуге бола ма?",
        "кейінге қалдырыңызшы",
        # Kazakh with Russian letters, and in Latin ones
        "баска уакытка",
        "баска кунге ауыстыруга бола ма",
        "ауыстырыныз",
        "basqa uaqytqa",
        "basqa künge auystyruğa bola ma",
        "auystyryñyz",
        # Russian in Latin letters
        "perenesite",
        "mozhno perenesti?",
        "na drugoe vremya",
        # English
        "reschedule",
        "Please reschedule my appointment",
        "another time",
        "Another day, please",
        "can we move it",
        "Can we move it?",
        "could we move it to another day?",
        "I'd like to reschedule",
        "let's do another day",
        "How about a different time?",
        "I can't come, can we reschedule?",
        "move it to Friday",
        "don't cancel, move it",
    ],
)
def test_who_says_so_wants_another_time(text: str) -> None:
    assert read_reply(text) is Reply.ANOTHER_TIME


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("?!", id="punctuation"),
        pytest.param("😊", id="a face"),
        pytest.param("спасибо", id="thanks only"),
        pytest.param("Сәлеметсіз бе", id="a greeting only"),
        pytest.param("я", id="a filler only"),
        "когда приду, платить картой?",
        "сколько стоит отменить",
        "приду, но опоздаю",
        "I'll be late",
        "может приду",
        "наверное, не приду",
        "если приду",
        "мүмкін келемін",
        "maybe",
        "постараюсь прийти",
        "хочу прийти",
        "приду?",
        "да?",
        "келемін бе",
        "келемін бе?",
        "can I come",
        "могу прийти",
        "не приду?",
        "отменить?",
        pytest.param("приду завтра", id="a day, and who knows whether that of the visit"),
        pytest.param("да, завтра", id="yes to a day"),
        "нет, завтра",
        "не приду, завтра",
        "сегодня не приду лучше завтра",
        "не завтра",
        "приду в 15:00",
        pytest.param("приду, не смогу", id="both"),
        pytest.param("не приду, но не отменяйте", id="both, again"),
        "да нет",
        "да/нет",
        pytest.param("приду, нет", id="taken back"),
        "приду, не",
        "не точно приду",
        "не хорошо",
        "не надо",
        "no cancel",
        pytest.param("не отмените", id="a comma or an ending is missing"),
        "не отменить",
        "ne otmenite",
        "не буду отменить",
        pytest.param("Yes, I'm ill", id="a reason for what"),
        "заболела",
        "отмена, не приду, приду",
        pytest.param("не буду переносить", id="not moving is not coming yet"),
        "не переносите",
        "ауыстырмаңыз",
        pytest.param("не могу отменить", id="asks for help"),
        "не смогу перенести",
        "I can't cancel",
        pytest.param("не смогу в другой день", id="keeps to this one"),
        "не другое время",
        "прийти",
        "come",
        "запишите",
        "отменили ли вы акцию",
        "Перезвоните мне",
        "УЗИ",
        "5",
        "12.03.1990",
        "+77011234567",
        "Ахметов Ерлан",
        "да " * 13,
        "да" + " " * 300 + "да",
        pytest.param(
            "Я приду, я приду, я обязательно приду, не отменяйте, пожалуйста, мою запись, спасибо", id="long"
        ),
        "ь",
        "ь да",
    ],
)
def test_anything_else_is_not_understood(text: str) -> None:
    assert read_reply(text) is None


@pytest.mark.parametrize(
    "reply", ["приду", "не приду", "перенесите", "келемін", "келе алмаймын", "I'll come"]
)
@pytest.mark.parametrize(
    "around", ["{}.", "  {}\n", "{} 🙏🏼", "Здравствуйте! {}", "{}, рахмет", "Hello, {}", "«{}»"]
)
def test_courtesies_and_signs_change_nothing(reply: str, around: str) -> None:
    assert read_reply(around.format(reply)) is read_reply(reply) is not None
    assert read_reply(around.format(reply).upper()) is read_reply(reply)


@pytest.mark.parametrize("reply", ["приду", "да", "отмените", "келемін", "басқа күнге", "cancel", "yes"])
def test_a_word_that_is_not_known_makes_the_whole_unknown(reply: str) -> None:
    assert read_reply(f"{reply} ребёнок") is None
    assert read_reply(f"dentist {reply}") is None


#: Words that the grammar knows; in chance order they reach far into it.
_KNOWN = (
    "не приду прийти смогу буду отмените отменить перенести можно да нет завтра хочу другой день , ? . ма"
    " келе алмаймын бола can not I will cancel be there ill"
)


@given(st.one_of(st.text(), st.lists(st.sampled_from(_KNOWN.split())).map(" ".join)))
@example("ъ")
@example("İ ı ß \u0301 \ud800")
def test_any_text_is_read_without_an_error(text: str) -> None:
    assert read_reply(text) in {None, *Reply}


@given(st.lists(st.sampled_from(_KNOWN.split()), max_size=10).map(" ".join))
def test_a_question_never_says_that_someone_comes(text: str) -> None:
    assert read_reply(f"{text}?") is not Reply.COMING
