"""Who works in the demo clinic, what it offers, and who comes. All of them are made up."""

from dataclasses import dataclass

WEEKDAYS = (1, 2, 3, 4, 5)
WITH_SATURDAY = (1, 2, 3, 4, 5, 6)


@dataclass(frozen=True)
class Specialist:
    """A resource. `weekdays` as in One-Link (0 = Sunday); minutes after local midnight."""

    id: int
    name: str
    specialty: str
    color: str
    weekdays: tuple[int, ...]
    start_minute: int
    end_minute: int
    break_start: int
    break_end: int
    translations: dict[str, str]


@dataclass(frozen=True)
class Service:
    """What can be booked. `prices`: tenge by the id of the specialist who does it."""

    id: int
    name: str
    category: str
    duration_min: int
    prices: dict[int, int]
    description: str
    translations: dict[str, str]


SPECIALISTS = (
    Specialist(
        11, "Ахметова Айгерим", "Терапевт", "#3b82f6", WITH_SATURDAY, 9 * 60, 18 * 60, 13 * 60, 14 * 60,
        {"name_en": "Aigerim Akhmetova", "specialty_kk": "Терапевт", "specialty_en": "General physician"},
    ),
    Specialist(
        12, "Ержанов Данияр", "Семейный врач", "#10b981", WEEKDAYS, 8 * 60, 16 * 60, 12 * 60, 12 * 60 + 30,
        {
            "name_en": "Daniyar Yerzhanov",
            "specialty_kk": "Отбасылық дәрігер",
            "specialty_en": "Family doctor",
        },
    ),
    Specialist(
        13, "Сарсенбаева Жанар", "Невролог", "#a855f7", (1, 2, 3, 5), 10 * 60, 19 * 60, 14 * 60, 15 * 60,
        {
            "name_kk": "Сәрсенбаева Жанар",
            "name_en": "Zhanar Sarsenbayeva",
            "specialty_kk": "Невролог",
            "specialty_en": "Neurologist",
        },
    ),
    Specialist(
        14, "Ким Виктория", "Кардиолог", "#0e9fb5", (2, 3, 4, 5, 6), 9 * 60, 17 * 60, 13 * 60, 13 * 60 + 30,
        {"name_en": "Victoria Kim", "specialty_kk": "Кардиолог", "specialty_en": "Cardiologist"},
    ),
    Specialist(
        15, "Петренко Олег", "Стоматолог", "#f59e0b", WITH_SATURDAY, 10 * 60, 20 * 60, 14 * 60, 15 * 60,
        {"name_en": "Oleg Petrenko", "specialty_kk": "Стоматолог", "specialty_en": "Dentist"},
    ),
)  # fmt: skip

SERVICES = (
    Service(
        31, "Консультация терапевта", "Приём", 30, {11: 12_000, 12: 10_000},
        "Осмотр, сбор жалоб, назначение обследования и лечения.",
        {
            "name_kk": "Терапевт кеңесі",
            "name_en": "General consultation",
            "description_kk": "Қарап-тексеру, шағымдарды тыңдау, тексеру мен ем тағайындау.",
            "description_en": "Examination, history, a plan of tests and treatment.",
        },
    ),
    Service(
        32, "Профилактический осмотр", "Приём", 60, {11: 20_000, 12: 18_000},
        "Общий осмотр с измерением давления и разбором анализов. Возьмите прошлые результаты.",
        {
            "name_kk": "Профилактикалық тексеру",
            "name_en": "Check-up",
            "description_kk": "Қысымды өлшеу және талдауларды қарау. Бұрынғы нәтижелерді ала келіңіз.",
            "description_en": "General examination, blood pressure, your test results. Bring earlier ones.",
        },
    ),
    Service(
        33, "Консультация невролога", "Приём", 40, {13: 16_000},
        "Головная боль, головокружение, боль в спине, онемение.",
        {
            "name_kk": "Невролог кеңесі",
            "name_en": "Neurologist's consultation",
            "description_kk": "Бас ауруы, бас айналу, арқа ауруы, ұю.",
            "description_en": "Headache, dizziness, back pain, numbness.",
        },
    ),
    Service(
        34, "Консультация кардиолога", "Приём", 40, {14: 17_000},
        "Осмотр и рекомендации. Если есть прошлая ЭКГ, возьмите её с собой.",
        {
            "name_kk": "Кардиолог кеңесі",
            "name_en": "Cardiologist's consultation",
            "description_kk": "Қарап-тексеру және кеңес. Бұрынғы ЭКГ болса, ала келіңіз.",
            "description_en": "Examination and advice. Bring your last ECG if you have one.",
        },
    ),
    Service(
        35, "ЭКГ с расшифровкой", "Диагностика", 20, {11: 6_000, 12: 6_000, 14: 7_500},
        "Запись кардиограммы и заключение врача в тот же день.",
        {
            "name_kk": "ЭКГ және қорытынды",
            "name_en": "ECG with a report",
            "description_kk": "Кардиограмма жазу және сол күні дәрігер қорытындысы.",
            "description_en": "A recording and the doctor's report on the same day.",
        },
    ),
    Service(
        36, "Повторный приём", "Приём", 20, {11: 7_000, 12: 6_000, 13: 9_000, 14: 9_000},
        "Контроль лечения в течение 30 дней после первого приёма.",
        {
            "name_kk": "Қайта қаралу",
            "name_en": "Follow-up visit",
            "description_kk": "Алғашқы қабылдаудан кейін 30 күн ішінде емді бақылау.",
            "description_en": "A look at how treatment goes, within 30 days of the first visit.",
        },
    ),
    Service(
        37, "Лечение кариеса", "Стоматология", 60, {15: 25_000},
        "Один зуб, с анестезией и светоотверждаемой пломбой.",
        {
            "name_kk": "Тісжегіні емдеу",
            "name_en": "Treatment of caries",
            "description_kk": "Бір тіс, анестезия және жарықпен қататын пломба.",
            "description_en": "One tooth, with anaesthesia and a light-cured filling.",
        },
    ),
    Service(
        38, "Комплексное обследование", "Диагностика", 90, {11: 32_000, 14: 36_000},
        "Приём, ЭКГ, анализы и заключение. Приходите натощак.",
        {
            "name_kk": "Кешенді тексеру",
            "name_en": "Full examination",
            "description_kk": "Қабылдау, ЭКГ, талдаулар және қорытынды. Аш қарынға келіңіз.",
            "description_en": "Consultation, ECG, blood tests and a report. Come on an empty stomach.",
        },
    ),
)  # fmt: skip

CLIENTS = (
    ("Нурланова Алия", "+77015554401"),
    ("Касымов Тимур", "+77015554402"),
    ("Орлова Марина", "+77015554403"),
    ("Жумабаев Ерлан", "+77015554404"),
    ("Цой Артём", "+77015554405"),
    ("Бекова Сауле", "+77015554406"),
    ("Абдрахманов Руслан", "+77015554407"),
    ("Тулегенова Дана", "+77015554408"),
    ("Мельник Сергей", "+77015554409"),
    ("Оспанова Гүлнұр", "+77015554410"),
)

# Days off that fall on the same date every year; Kurban Ait moves and is entered by the clinic.
HOLIDAYS = (
    ("01-01", "Новый год"),
    ("01-02", "Новый год"),
    ("01-07", "Православное Рождество"),
    ("03-08", "Международный женский день"),
    ("03-21", "Наурыз мейрамы"),
    ("03-22", "Наурыз мейрамы"),
    ("03-23", "Наурыз мейрамы"),
    ("05-01", "Праздник единства народа Казахстана"),
    ("05-07", "День защитника Отечества"),
    ("05-09", "День Победы"),
    ("07-06", "День столицы"),
    ("08-30", "День Конституции"),
    ("10-25", "День Республики"),
    ("12-16", "День Независимости"),
)
