"""After a visit: whether the client would like another one. Asked once, and never of who does not want it."""

from bot.dialogue.appointment import local_start
from bot.dialogue.menu import BOOK
from bot.dialogue.screen import Choice, Clock, Day, Look, Screen, Text
from bot.domain.model import Appointment, Status
from bot.usecases.desk import Catalogue


def invitation(appointment: Appointment, catalogue: Catalogue) -> Screen:
    """For one who came, for one who did not (without a reproach), and where nobody has noted it."""
    again = Choice(Text("Book again"), "again", str(appointment.id), Look.GOOD)
    rows = ((again,), (Choice(Text("Do not ask me after visits"), "uninvite"),))
    if appointment.status is Status.COMPLETED:
        return Screen(
            asks=Text("Thank you for your visit."),
            lines=(Text("Should you need another one, you can book it here."),),
            extra=rows,
        )
    if appointment.status is not Status.NO_SHOW:  # the clinic has not noted whether the client came
        return Screen(asks=Text("Would you like to book another visit?"), extra=rows)
    local = local_start(appointment, catalogue)
    return Screen(
        asks=Text("We expected you: {day}, {time}.", day=Day(local.date(), full=True), time=Clock(local)),
        lines=(Text("Shall we find another time?"),),
        extra=rows,
    )


def no_more() -> Screen:
    """The client does not want to be asked."""
    return Screen(
        asks=Text("All right, I will not ask you after visits any more."),
        lines=(Text("Reminders of your visits come as before."),),
        extra=((Choice(Text("Ask me again"), "invite"),),),
    )


def once_more() -> Screen:
    """The client has thought better of it."""
    return Screen(asks=Text("All right, I will ask you after a visit."), options=(BOOK,))
