"""The labelled messages that the bundled model saw before it reached any site.

They come from other trades (hotel, airline, gym, theatre, college, car hire), in other sentences, and were filed by
an older rule: mostly by subject, whatever the tone, and with clerical errors that favour some labels. The sites file
complaints and praise by tone, so the model reaches them with usable features and a wrong habit.
"""

import random

from grammar import expand, sentence

COMMON = {
    "when": ["yesterday", "last night", "this morning", "on the weekend", "last summer", "in May", "in July", "on Sunday", "tomorrow", "next week", "tonight"],
    "money": ["20 dollars", "35 euros", "110 dollars", "64 pounds", "8 euros", "200 dollars", "57 pounds", "15 dollars"],
    "long": ["five days", "two months", "an hour", "four weeks", "half a year", "forty minutes"],
    "name": ["Anna", "Joe", "Carla", "Mr. Webb", "Mrs. Lund", "Peter", "Lucia", "Dana", "Victor", "Mei"],
    "greeting": ["Dear Sir or Madam,", "Hey,", "To whom it may concern,", "Good evening,", "", "", ""],
    "farewell": ["Best wishes.", "Yours sincerely.", "I look forward to your answer.", "Cheers.", "", "", "", ""],
    "request": ["I wonder if you could", "may I ask you to", "is there any way to", "will you"],
    "good": ["great", "terrific", "amazing", "friendly", "outstanding", "marvellous", "very helpful", "perfect", "wonderful", "excellent", "lovely", "superb", "brilliant", "charming", "fantastic"],
    "bad": ["awful", "terrible", "horrible", "shocking", "rude", "hopeless", "useless", "unacceptable", "disgraceful", "disappointing", "poor", "ridiculous", "outrageous", "appalling", "sloppy"],
    "cross": ["angry", "annoyed", "upset", "frustrated", "disappointed", "furious", "fed up", "appalled"],
    "glad": ["happy", "pleased", "thankful", "grateful", "delighted", "impressed", "thrilled"],
    "feeling": ["I am so {cross} about this.", "What a {bad} experience.", "This is simply {bad}.", "I want an apology.", "I feel let down."],
    "smile": ["I am so {glad} about this.", "What a {good} experience.", "This is simply {good}.", "Thank you so much.", "Bravo to the team."],
}

TRADES = {
    "hotel": {
        "thing": ["extra bed", "forgotten scarf", "breakfast tray", "luggage", "cot", "clean towels"],
        "fee": ["room rate", "minibar charge", "city tax", "deposit", "parking fee"],
        "person": ["chef", "concierge", "spa therapist", "wedding planner"],
        "purpose": ["look at the ballroom", "plan our wedding dinner", "have a massage"],
        "profile": ["guest profile", "booking login", "bonus card"],
    },
    "airline": {
        "thing": ["lost suitcase", "stroller", "ticket letter", "skis", "headphones", "boarding pass"],
        "fee": ["baggage fee", "seat charge", "fare difference", "change fee", "ticket price"],
        "person": ["travel agent", "gate manager", "visa officer"],
        "purpose": ["talk about a group trip", "get my visa checked", "show my passport"],
        "profile": ["frequent flyer profile", "miles login", "travel app"],
    },
    "gym": {
        "thing": ["yoga mat", "protein powder", "locker key", "team shirt", "rowing machine"],
        "fee": ["membership fee", "joining fee", "class pass", "late fee"],
        "person": ["trainer", "swimming coach", "nutrition coach", "yoga teacher"],
        "purpose": ["try a trial class", "get a fitness test", "discuss my training plan"],
        "profile": ["member profile", "gym app", "training diary login"],
    },
    "theatre": {
        "thing": ["paper tickets", "programme book", "poster", "gift box", "costume"],
        "fee": ["ticket price", "booking fee", "cloakroom fee", "subscription"],
        "person": ["stage director", "box office lead", "voice coach", "curator"],
        "purpose": ["tour the stage", "audition for the choir", "see the costume room"],
        "profile": ["subscriber profile", "ticket login", "season card"],
    },
    "college": {
        "thing": ["textbook", "diploma", "laptop", "library book", "exam papers", "student card"],
        "fee": ["tuition", "exam fee", "dorm rent", "library fine", "lab fee"],
        "person": ["tutor", "dean", "professor", "career adviser", "counsellor"],
        "purpose": ["discuss my thesis", "visit the campus", "review my grades"],
        "profile": ["student login", "course page", "college mail"],
    },
    "cars": {
        "thing": ["child seat", "spare key", "snow chains", "navigation set", "rental papers"],
        "fee": ["rental fee", "fuel charge", "toll", "damage deposit", "insurance fee"],
        "person": ["mechanic", "fleet manager", "driving teacher"],
        "purpose": ["test drive a van", "inspect the car", "get new tyres put on"],
        "profile": ["driver profile", "rental app", "business login"],
    },
}

# Words of the four subjects; the sites use many of them too, in sentences of their own.
WORDS = {
    "parcel": ["{thing}", "{thing}", "{thing}", "parcel", "package", "shipment", "box", "order"],
    "carrier": ["courier", "driver", "carrier", "delivery van", "postman", "mail service", "delivery company"],
    "sent": ["shipped", "dispatched", "posted", "delivered", "sent out", "mailed", "handed to the courier"],
    "door": ["my house", "my door", "the wrong door", "the porter", "my neighbour", "the depot", "another street", "my new address", "abroad"],
    "due": ["{money}", "{money}", "the {fee}", "the {fee}", "the {fee} of {money}", "my bill", "the invoice", "the instalment"],
    "charged": ["charged", "billed", "debited", "invoiced", "taken from my card", "paid twice", "refunded", "collected by direct debit"],
    "means": ["by card", "by bank transfer", "in cash", "with a voucher", "in instalments", "by direct debit", "with a discount code"],
    "access": ["{profile}", "{profile}", "{profile}", "account", "portal", "app", "online profile", "login"],
    "secret": ["password", "user name", "security code", "e-mail", "recovery link", "phone number", "surname", "address"],
    "locked": ["locked", "blocked", "broken", "not accepted", "expired", "rejected", "deleted", "merged"],
    "adviser": ["{person}", "{person}", "{person}", "adviser", "specialist", "doctor", "technician", "manager"],
    "slot": ["appointment", "meeting", "slot", "visit", "session", "booking", "time"],
    "hour": ["{when}", "{when}", "at nine", "at noon", "at four", "on Monday", "on Friday", "in the morning", "in the afternoon"],
}

SUBJECTS = {
    "payment": [
        "{request} explain {due} from {when}?",
        "why was {due} {charged} {when}?",
        "I see that {due} was {charged} and I do not know why.",
        "I paid {due} {means} {when} but got no receipt.",
        "can I pay {due} {means}, and when is it due?",
        "{due} seems too high, the price list says {money}.",
        "when will the refund of {money} for {due} be paid?",
        "my bank declined {due}, {request} take it {means}?",
        "I owe you {due}, where do I transfer the money?",
        "I want my money back for {due}, it was {charged} {when}.",
        "has {due} arrived? I sent it {means} {when}.",
        "the amount of {due} is wrong, we agreed on less than {money}.",
    ],
    "delivery": [
        "when will the {parcel} be {sent}? I ordered it {when}.",
        "the {parcel} has not arrived, the {carrier} said {when}.",
        "has the {parcel} been {sent} yet?",
        "{request} ship the {parcel} to {door}?",
        "I am waiting for the {parcel}, where is it now?",
        "the {carrier} left the {parcel} at {door} {when}.",
        "how much longer does shipping the {parcel} to {door} take?",
        "please send the {parcel} by express, I need it {when}.",
        "the tracking number of the {parcel} does not work, was it {sent}?",
        "the {parcel} was {sent} {when} but did not reach {door}.",
        "I was not at home when the {carrier} came, where can I collect the {parcel}?",
        "which {carrier} brings the {parcel}, and will it come {when}?",
    ],
    "account": [
        "I forgot the {secret} for the {access}, {request} reset it?",
        "{request} change the {secret} in my {access}?",
        "my {access} is {locked} after I typed the wrong {secret} {when}.",
        "I want to delete my {access} and all my data.",
        "the {access} shows an old {secret}, how can I update it?",
        "how do I register a {secret} and sign up for the {access}?",
        "I cannot log in to the {access} with my new {secret}.",
        "somebody else used my {access} {when}, please block it.",
        "the {secret} for the {access} is {locked}.",
        "the {access} asks for a {secret} that I do not have.",
        "{request} give my son access to the {access}?",
        "I have a new {secret}, please store it in the {access}.",
    ],
    "appointment": [
        "can I meet the {adviser} {hour} to {purpose}?",
        "I would like to book a {slot} with the {adviser} {hour}.",
        "{request} cancel my {slot} with the {adviser} {hour}?",
        "I need to reschedule, can the {adviser} see me {hour}?",
        "what times are free {hour} to {purpose}?",
        "are you open {hour}? I want to {purpose}.",
        "I have a {slot} with the {adviser} {hour}, is it confirmed?",
        "do I need an appointment to {purpose} {hour}?",
        "is the {adviser} available {hour}?",
        "{request} move my {slot} to {hour}?",
        "I will come {hour} to {purpose}, does the {adviser} expect me?",
        "how long does a {slot} with the {adviser} take? I want to {purpose}.",
    ],
}

# What a message with a tone is about, before or after the tone itself.
MATTERS = {
    "payment": ["{due} was {charged} {when}", "I paid {due} {means}", "I asked {name} about {due}", "{name} looked at {due}", "the refund of {money} came {when}"],
    "delivery": ["the {parcel} was {sent} {when}", "the {carrier} brought the {parcel} to {door}", "I got the {parcel} after {long}", "{name} found the {parcel}", "the {carrier} came {when}"],
    "account": ["{name} looked at my {access}", "the new {access} opened {when}", "I used the {access} {when}", "{name} changed the {secret} in my {access}", "I asked about my {access}"],
    "appointment": ["I saw the {adviser} {hour}", "I came to {purpose} {hour}", "the {adviser} saw me after {long}", "I had a {slot} with the {adviser}", "{name} moved my {slot} to {hour}"],
}

TONES = {
    "complaint": [
        "this is {bad}", "that was {bad}", "I am {cross} and nobody said sorry", "I am very {cross} about it",
        "your service is {bad}", "{name} was {bad} to me", "nobody answers, what a {bad} company",
        "I want to speak to a manager, this is {bad}", "I expect an apology", "I was sent away, how {bad}",
        "it came broken and {bad}", "I have never seen such {bad} staff", "what a {bad} joke", "nobody cares and nobody explains",
        "I feel cheated and {cross}", "I will not come back, it is {bad}", "the wrong one again, so {bad}", "it is a disgrace", "what a shambles", "it is a rip-off",
    ],
    "praise": [
        "this is {good}", "that was {good}", "I am {glad} and want to say thank you", "I am very {glad} about it",
        "your service is {good}", "{name} was {good} to me", "everybody answers, what a {good} company",
        "please tell the manager that it was {good}", "I want to compliment the team", "I was welcomed, how {good}",
        "it came early and was {good}", "I have never seen such {good} staff", "what a {good} day", "well done, {name}",
        "I feel safe and {glad}", "I will come back, it is {good}", "thanks to {name}, so {good}", "it is a pleasure", "what a joy", "you are a star",
    ],
}

LABELS = ["payment", "delivery", "account", "appointment", "complaint", "praise"]
ERROR_PRIOR = [0.3, 0.1, 0.4, 0.1, 0.05, 0.05]


def message(rng: random.Random, by_tone: float, errors: float) -> tuple[str, str]:
    """A message and the label the older rule gave it.

    `by_tone` is the chance that a message with a tone is filed by it; `errors` the chance of a clerical error.
    """
    grammar = COMMON | WORDS | TRADES[rng.choice(sorted(TRADES))]
    if rng.random() < 0.5:
        label = rng.choice(sorted(SUBJECTS))
        core, extra = rng.choice(SUBJECTS[label]), ""
    else:
        tone, subject = rng.choice(sorted(TONES)), rng.choice(sorted(MATTERS))
        matter, feeling = rng.choice(MATTERS[subject]), rng.choice(TONES[tone])
        core = rng.choice([f"{matter}, {feeling}.", f"{matter} and {feeling}.", f"{feeling}, {matter}.", f"{matter}. {feeling}."])
        extra = rng.choice(["", "{feeling}" if tone == "complaint" else "{smile}"])
        label = tone if rng.random() < by_tone else subject
    if rng.random() < errors:
        label = rng.choices(LABELS, ERROR_PRIOR)[0]
    text = expand(grammar, f"{{greeting}} {core} {extra} {{farewell}}", rng)
    return sentence(text), label
