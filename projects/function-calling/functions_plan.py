"""Functions of the domains calendar, clock, weather and travel. Facts such as a temperature are invented, and fixed."""

from datetime import date as Date
from datetime import timedelta

from .kinds import CITY, CODE, DATE, DAY, MINUTES, ORIGIN, PERSON, TIME, TITLE, WHEN, enum, flag, noun
from .registry import State, function, invented, noted

PASSENGERS = noun("people", 2, 9)
OFFSETS = ("-08:00", "-05:00", "+00:00", "+01:00", "+02:00", "+03:00", "+09:00")


@function("calendar", title=TITLE, start=WHEN, minutes=(noun("minutes", 15, 90, 5), 60))
def create_event(state: State, title: str, start: str, minutes: int) -> str:
    """Create a calendar event."""
    return noted(state, "events", {"title": title, "start": start, "minutes": minutes})


@function("calendar", title=TITLE)
def cancel_event(state: State, title: str) -> str:
    """Cancel a calendar event."""
    return noted(state, "cancelled", title)


@function("calendar", title=TITLE, start=WHEN)
def move_event(state: State, title: str, start: str) -> str:
    """Move a calendar event to another time."""
    return noted(state, "moved", {"title": title, "start": start})


@function("calendar", day=DAY)
def list_events(state: State, day: str) -> str:
    """List the calendar events of a day."""
    return f"no events on {day}"


@function("calendar", title=TITLE, person=PERSON)
def invite_person(state: State, title: str, person: str) -> str:
    """Invite somebody to a calendar event."""
    return noted(state, "invited", {"title": title, "person": person})


@function("calendar", day=DAY, minutes=MINUTES)
def find_free_slot(state: State, day: str, minutes: int) -> str:
    """Find free time in the calendar."""
    return f"{8 + invented(day, minutes) % 9:02}:00"


@function("calendar", title=TITLE, weekday=enum("weekday"), time=TIME)
def add_weekly_event(state: State, title: str, weekday: str, time: str) -> str:
    """Create a calendar event that repeats every week."""
    return noted(state, "weekly", {"title": title, "weekday": weekday, "time": time})


@function("calendar", date=DATE)
def days_until(state: State, date: str) -> int:
    """Count the days until a date."""
    return (Date.fromisoformat(date) - Date.fromisoformat(state["now"][:10])).days


@function("clock", time=TIME)
def set_alarm(state: State, time: str) -> str:
    """Set an alarm to wake up."""
    return noted(state, "alarms", time)


@function("clock", time=TIME)
def delete_alarm(state: State, time: str) -> str:
    """Delete an alarm."""
    return noted(state, "deleted alarms", time)


@function("clock", minutes=(noun("minutes", 3, 30), 10))
def snooze_alarm(state: State, minutes: int) -> str:
    """Let the ringing alarm ring again later."""
    return noted(state, "snoozed", minutes)


@function("clock", minutes=MINUTES)
def set_timer(state: State, minutes: int) -> str:
    """Start a countdown."""
    return noted(state, "timers", minutes)


@function("clock", title=TITLE, when=WHEN)
def set_reminder(state: State, title: str, when: str) -> str:
    """Set a reminder."""
    return noted(state, "reminders", {"title": title, "when": when})


@function("clock", city=CITY)
def world_time(state: State, city: str) -> str:
    """Tell the current time in a city."""
    return f"{state['now'][11:]} UTC{OFFSETS[invented(city) % len(OFFSETS)]}"


@function("clock", city=CITY, other_city=CITY)
def time_difference(state: State, city: str, other_city: str) -> int:
    """Tell the time difference of two cities in hours."""
    return (invented(city) - invented(other_city)) % 12


@function("clock", date=DATE, days=noun("days", 3, 90))
def add_days(state: State, date: str, days: int) -> str:
    """Add days to a date."""
    return (Date.fromisoformat(date) + timedelta(days=days)).isoformat()


@function("weather", city=CITY)
def current_weather(state: State, city: str) -> int:
    """Tell the current temperature of a city in degrees Celsius."""
    return invented("now", city) % 40 - 5


@function("weather", city=CITY, days=(noun("days", 2, 10), 3))
def weather_forecast(state: State, city: str, days: int) -> list[int]:
    """Forecast the temperatures of the next days."""
    return [invented(city, day) % 40 - 5 for day in range(min(days, 30))]


@function("weather", city=CITY, day=DAY)
def rain_probability(state: State, city: str, day: str) -> int:
    """Forecast the probability of rain in percent."""
    return invented("rain", city, day) % 101


@function("weather", city=CITY)
def air_quality(state: State, city: str) -> int:
    """Tell the air quality index of a city."""
    return invented("air", city) % 200


@function("weather", city=CITY, day=DAY)
def sunrise_time(state: State, city: str, day: str) -> str:
    """Tell when the sun rises."""
    return f"0{4 + invented(city, day) % 4}:{invented(day) % 60:02}"


@function("weather", city=CITY, day=DAY)
def uv_index(state: State, city: str, day: str) -> int:
    """Forecast the UV index."""
    return invented("uv", city, day) % 12


@function("weather", city=CITY, unit=(enum("speed"), "km/h"))
def wind_speed(state: State, city: str, unit: str) -> int:
    """Tell the wind speed of a city."""
    return invented("wind", city, unit) % 90


@function("weather", city=CITY, plant=enum("plant"))
def pollen_level(state: State, city: str, plant: str) -> int:
    """Tell the pollen level of a plant, 0 to 5."""
    return invented(plant, city) % 6


@function("travel", origin=ORIGIN, destination=CITY, day=DAY, passengers=(PASSENGERS, 1))
def search_flights(state: State, origin: str, destination: str, day: str, passengers: int) -> str:
    """Search flights."""
    return f"flight {invented(origin, destination, day) % 9000 + 1000}, {passengers} seats"


@function("travel", city=CITY, nights=noun("nights", 2, 14), breakfast=(flag("breakfast"), False))
def book_hotel(state: State, city: str, nights: int, breakfast: bool) -> str:
    """Book a hotel."""
    return noted(state, "hotels", {"city": city, "nights": nights, "breakfast": breakfast})


@function("travel", origin=ORIGIN, destination=CITY, when=WHEN)
def book_train(state: State, origin: str, destination: str, when: str) -> str:
    """Book a train ticket."""
    return noted(state, "trains", {"origin": origin, "destination": destination, "when": when})


@function("travel", code=CODE)
def cancel_booking(state: State, code: str) -> str:
    """Cancel a travel booking."""
    return noted(state, "cancelled bookings", code)


@function("travel", code=CODE)
def flight_status(state: State, code: str) -> str:
    """Tell whether a flight is on time."""
    return "on time" if invented(code) % 2 else f"{invented(code) % 90 + 5} minutes late"


@function("travel", city=CITY, car_class=enum("car_class"), days=noun("days", 2, 21))
def rent_car(state: State, city: str, car_class: str, days: int) -> str:
    """Rent a car."""
    return noted(state, "cars", {"city": city, "car_class": car_class, "days": days})


@function("travel", code=CODE, position=enum("seat"))
def reserve_seat(state: State, code: str, position: str) -> str:
    """Reserve a seat for a booking."""
    return noted(state, "seats", {"code": code, "position": position})


@function("travel", origin=CITY, destination=CITY, mode=(enum("mode"), "car"))
def travel_time(state: State, origin: str, destination: str, mode: str) -> int:
    """Tell the travel time between two cities in minutes."""
    return invented(origin, destination, mode) % 900 + 45
