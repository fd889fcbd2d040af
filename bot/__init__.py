"""The booking bot. A map of the package, from the outside in:

__main__   the command line: run, demo, check, sandbox
app        builds everything from the settings; the only place that constructs things
settings   environment -> frozen Settings
worker     durable work that is due: unfinished bookings
telegram   handlers, cards, keyboards, texts, intake: translation only
dialogue   what a client is asked
usecases   what the bot can do for a client
onelink    the CRM over HTTP
storage    every Redis key
domain     rules; standard library only
sandbox    stand-ins for both neighbours; separate from all of the above
"""
