"""Functions of the domains food, shopping, home, music, messages and files. Facts are invented, and fixed."""

from typing import Any

from .kinds import (
    AMOUNT,
    CITY,
    CODE,
    CONTACT,
    NAME,
    PERCENT,
    PERSON,
    SHARE,
    SONG,
    TIME,
    TITLE,
    WHEN,
    Kind,
    enum,
    integer,
    noun,
    several,
    text,
)  # fmt: skip
from .registry import State, function, invented, noted

RESTAURANT = text("restaurant", in_quotes=False)
PORTIONS, MESSAGE, ROOM = noun("portions", 2, 12), text("message", "message"), enum("room")
PLAYLIST, MEMBERS = Kind(NAME.schema, NAME.draw, "playlist"), several(PERSON, 2, 3)


@function("food", cuisine=enum("cuisine"), city=CITY)
def find_restaurant(state: State, cuisine: str, city: str) -> str:
    """Find a restaurant."""
    return f"{cuisine} house no. {invented(cuisine, city) % 90 + 1}"


@function("food", restaurant=RESTAURANT, people=noun("people", 2, 12), when=WHEN)
def reserve_table(state: State, restaurant: str, people: int, when: str) -> str:
    """Reserve a table in a restaurant."""
    return noted(state, "tables", {"restaurant": restaurant, "people": people, "when": when})


@function("food", restaurant=RESTAURANT, dish=enum("dish"), portions=PORTIONS)
def order_food(state: State, restaurant: str, dish: str, portions: int) -> str:
    """Order a meal from a restaurant."""
    return noted(state, "meals", {"restaurant": restaurant, "dish": dish, "portions": portions})


@function("food", ingredients=several(enum("food"), 2, 3))
def recipes_with(state: State, ingredients: list[str]) -> str:
    """Find recipes by ingredients."""
    return f"recipe {invented(*sorted(ingredients)) % 500}"


@function("food", food=enum("food"), grams=noun("grams", 50, 500, 10))
def count_calories(state: State, food: str, grams: int) -> int:
    """Count the calories of a food."""
    return grams * (invented(food) % 300 + 20) // 100


@function("food", dish=enum("dish"), portions=PORTIONS)
def scale_recipe(state: State, dish: str, portions: int) -> str:
    """Adjust a recipe to a number of portions."""
    return f"{dish} for {portions}"


@function("food", food=enum("food"))
def cooking_time(state: State, food: str) -> int:
    """Tell how many minutes a food has to boil."""
    return invented("boil", food) % 40 + 5


@function("food", code=CODE)
def track_delivery(state: State, code: str) -> str:
    """Track the delivery of a meal."""
    return f"in {invented('meal', code) % 45 + 3} minutes"


@function("shopping", items=several(enum("product"), 2, 3))
def add_to_list(state: State, items: list[str]) -> str:
    """Put items on the shopping list."""
    return noted(state, "list", sorted(items))


@function("shopping", item=enum("product"))
def remove_from_list(state: State, item: str) -> str:
    """Take an item off the shopping list."""
    return noted(state, "removed", item)


@function("shopping", product=enum("gadget"), max_price=(AMOUNT, None))
def search_product(state: State, product: str, max_price: float | None) -> str:
    """Search the shop for a product."""
    return f"{invented(product, max_price) % 40 + 1} offers"


@function("shopping", code=CODE)
def track_order(state: State, code: str) -> str:
    """Track a parcel."""
    return f"depot {invented('parcel', code) % 30 + 1}"


@function("shopping", code=CODE, reason=enum("reason"))
def return_order(state: State, code: str, reason: str) -> str:
    """Send back an order."""
    return noted(state, "returns", {"code": code, "reason": reason})


@function("shopping", code=CODE)
def apply_coupon(state: State, code: str) -> str:
    """Use a coupon for the cart."""
    return noted(state, "coupons", code)


@function("shopping", product=enum("gadget"), price=AMOUNT)
def set_price_alert(state: State, product: str, price: float) -> str:
    """Give notice when a product gets cheaper than a price."""
    return noted(state, "price alerts", {"product": product, "price": price})


@function("shopping", price=AMOUNT, percent=PERCENT)
def discounted_price(state: State, price: float, percent: float) -> float:
    """Compute a price after a discount."""
    return round(price * (1 - percent / 100), 2)


@function("money", amount=AMOUNT, currency=enum("currency"), recipient=PERSON)
def transfer_money(state: State, amount: float, currency: str, recipient: str) -> str:
    """Transfer money to somebody."""
    return noted(state, "transfers", {"amount": amount, "currency": currency, "recipient": recipient})


@function("home", room=ROOM, brightness=(SHARE, 100))
def turn_on_light(state: State, room: str, brightness: int) -> str:
    """Turn on the light of a room, with a brightness in percent."""
    return _set(state, f"light {room}", brightness)


@function("home", room=ROOM)
def turn_off_light(state: State, room: str) -> str:
    """Turn off the light of a room."""
    return _set(state, f"light {room}", 0)


@function("home", room=ROOM, color=enum("color"))
def set_light_color(state: State, room: str, color: str) -> str:
    """Set the colour of a room's light."""
    return _set(state, f"color {room}", color)


@function("home", room=ROOM, degrees=noun("degrees", 15, 26))
def set_thermostat(state: State, room: str, degrees: int) -> str:
    """Set the heating of a room in degrees Celsius."""
    return _set(state, f"heating {room}", degrees)


@function("home", door=enum("door"))
def lock_door(state: State, door: str) -> str:
    """Lock a door."""
    return _set(state, f"door {door}", "locked")


@function("home", room=ROOM, percent=(SHARE, 100))
def set_blinds(state: State, room: str, percent: int) -> str:
    """Open the blinds of a room, 0 to 100 percent."""
    return _set(state, f"blinds {room}", percent)


@function("home", rooms=several(ROOM, 2, 3))
def start_vacuum(state: State, rooms: list[str]) -> str:
    """Let the robot vacuum rooms."""
    return _set(state, "vacuum", sorted(rooms))


@function("home", appliance=enum("appliance"), time=TIME)
def schedule_appliance(state: State, appliance: str, time: str) -> str:
    """Start an appliance at a time."""
    return _set(state, f"appliance {appliance}", time)


@function("music", song=SONG)
def play_song(state: State, song: str) -> str:
    """Play a song."""
    return _set(state, "playing", song)


@function("music", name=NAME)
def create_playlist(state: State, name: str) -> str:
    """Create a playlist."""
    return noted(state, "playlists", name)


@function("music", song=SONG, playlist=PLAYLIST)
def add_to_playlist(state: State, song: str, playlist: str) -> str:
    """Add a song to a playlist."""
    return noted(state, f"playlist {playlist}", song)


@function("music", percent=SHARE)
def set_volume(state: State, percent: int) -> str:
    """Set the volume of the music in percent."""
    return _set(state, "volume", percent)


@function("music", tracks=(noun("tracks", 2, 9), 1))
def skip_tracks(state: State, tracks: int) -> str:
    """Skip tracks of the music."""
    return _set(state, "skipped", tracks)


@function("music", genre=enum("genre"))
def play_radio(state: State, genre: str) -> str:
    """Play a radio station."""
    return _set(state, "radio", genre)


@function("music", song=SONG)
def find_lyrics(state: State, song: str) -> str:
    """Find the lyrics of a song."""
    return f"lyrics no. {invented(song) % 900}"


@function("music", minutes=noun("minutes", 10, 90, 5))
def set_sleep_timer(state: State, minutes: int) -> str:
    """Stop the music after some minutes."""
    return _set(state, "music stops", minutes)


@function("messages", recipient=PERSON, text=MESSAGE)
def send_message(state: State, recipient: str, text: str) -> str:
    """Send a message."""
    return noted(state, "messages", {"recipient": recipient, "text": text})


@function("messages", recipient=PERSON, subject=Kind(TITLE.schema, TITLE.draw, "subject"))
def send_email(state: State, recipient: str, subject: str) -> str:
    """Send an email."""
    return noted(state, "emails", {"recipient": recipient, "subject": subject})


@function("messages", recipient=PERSON, text=MESSAGE, when=WHEN)
def schedule_message(state: State, recipient: str, text: str, when: str) -> str:
    """Send a message later."""
    return noted(state, "scheduled", {"recipient": recipient, "text": text, "when": when})


@function("messages", person=PERSON)
def call_contact(state: State, person: str) -> str:
    """Call somebody on the phone."""
    return noted(state, "calls", person)


@function("messages", count=(integer(2, 9, words=True), 5))
def read_messages(state: State, count: int) -> str:
    """Read out the newest messages."""
    return f"{count} messages"


@function("messages", person=PERSON)
def block_contact(state: State, person: str) -> str:
    """Block a contact."""
    return noted(state, "blocked", person)


@function("messages", contact=CONTACT)
def add_contact(state: State, contact: dict[str, Any]) -> str:
    """Save a contact."""
    return noted(state, "contacts", contact)


@function("messages", name=NAME, members=MEMBERS)
def create_group(state: State, name: str, members: list[str]) -> str:
    """Create a chat group."""
    return noted(state, "groups", {"name": name, "members": sorted(members)})


def _set(state: State, name: str, value: Any) -> str:
    """Set a value of the state."""
    state[name] = value
    return "done"
