"""The labelled messages that the bundled model saw before it reached any site.

They come from other trades (hotel, airline, gym, theatre, college, car hire), in other words, and were filed by
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
    "good": ["great", "terrific", "amazing", "friendly", "outstanding", "marvellous", "very helpful", "perfect", "wonderful", "excellent", "lovely", "superb"],
    "bad": ["awful", "terrible", "horrible", "shocking", "rude", "hopeless", "useless", "unacceptable", "disgraceful", "disappointing", "poor", "ridiculous"],
    "cross": ["angry", "annoyed", "upset", "frustrated", "disappointed", "furious", "fed up"],
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

SUBJECTS = {
    "payment": [
        "{request} explain the {fee} of {money} on my bill from {when}?",
        "I paid {money} for the {fee} {when} but got no receipt.",
        "you took the {fee} from my card two times, please refund {money}.",
        "can I pay the {fee} with a voucher or only by card?",
        "the {fee} seems too high, the price list says {money}.",
        "when will the refund of {money} for the {fee} be paid?",
        "my bank refused the {fee}, {request} charge another card?",
        "I owe you {money} for the {fee}, where do I transfer it?",
    ],
    "delivery": [
        "when will the {thing} be delivered? I ordered it {when}.",
        "the {thing} has not arrived, the driver said {when}.",
        "{request} ship the {thing} to my home address?",
        "I am waiting for the {thing}, where is the package now?",
        "the courier left the {thing} at the wrong door {when}.",
        "how much longer does shipping the {thing} take?",
        "please send the {thing} by express, I need it {when}.",
        "the tracking number of the {thing} does not work.",
    ],
    "account": [
        "I forgot my password for the {profile}, {request} reset it?",
        "{request} change the e-mail in my {profile}?",
        "my {profile} is locked after I typed the wrong code {when}.",
        "I want to delete my {profile} and all my data.",
        "the {profile} shows my old address, how can I update it?",
        "how do I sign up for the {profile}?",
        "I cannot sign in to the {profile} with my new phone.",
        "somebody else used my {profile} {when}, please block it.",
    ],
    "appointment": [
        "can I meet the {person} {when} to {purpose}?",
        "I would like to book a time with the {person} {when}.",
        "{request} cancel my meeting with the {person} {when}?",
        "I need to reschedule, can the {person} see me {when}?",
        "what times are free {when} to {purpose}?",
        "are you open {when}? I want to {purpose}.",
        "I have a booking with the {person} {when}, is it confirmed?",
        "do I need an appointment to {purpose}?",
    ],
}

TONES = {
    "complaint": [
        "the {fee} is {bad}, I paid {money} for nothing.",
        "I asked {name} about the {fee} {when} and was treated in a {bad} way.",
        "after {long} the {thing} is still missing and the answers are {bad}.",
        "the {thing} came damaged, your service is {bad}.",
        "the {profile} never works, it is {bad} and I am {cross}.",
        "I lost my {profile} because of your {bad} support.",
        "I waited {long} for the {person}, that was {bad}.",
        "the {person} was {bad} {when} and I am very {cross}.",
        "nobody helped me {when}, I am {cross} and want my money back.",
        "{name} ignored me for {long}, I have never seen such {bad} service.",
    ],
    "praise": [
        "the {fee} was fair and {name} was {good} when I asked about it.",
        "{name} refunded the {fee} at once, I am very {glad}.",
        "the {thing} arrived early and looked {good}, thank you.",
        "thanks to {name} I got the {thing} {when}, {good} work.",
        "the {profile} is {good} and easy, I am {glad}.",
        "{name} fixed my {profile} {when}, that was {good}.",
        "the {person} was {good} {when}, I am so {glad}.",
        "I came to {purpose} and it was {good}, thank you all.",
        "everyone was {good} {when}, I will come back.",
        "I just want to say that {name} is {good}.",
    ],
}

TONE_SUBJECTS = ["payment"] * 2 + ["delivery"] * 2 + ["account"] * 2 + ["appointment"] * 2 + [None] * 2
LABELS = ["payment", "delivery", "account", "appointment", "complaint", "praise"]
ERROR_PRIOR = [0.3, 0.1, 0.4, 0.1, 0.05, 0.05]


def message(rng: random.Random, by_tone: float, errors: float) -> tuple[str, str]:
    """A message and the label the older rule gave it.

    `by_tone` is the chance that a message with a tone is filed by it; `errors` the chance of a clerical error.
    """
    grammar = COMMON | TRADES[rng.choice(sorted(TRADES))]
    if rng.random() < 0.5:
        label = rng.choice(sorted(SUBJECTS))
        core, extra = rng.choice(SUBJECTS[label]), ""
    else:
        tone = rng.choice(sorted(TONES))
        at = rng.randrange(len(TONES[tone]))
        core, extra = TONES[tone][at], rng.choice(["", "{feeling}" if tone == "complaint" else "{smile}"])
        subject = TONE_SUBJECTS[at] or rng.choice(sorted(SUBJECTS))
        label = tone if rng.random() < by_tone else subject
    if rng.random() < errors:
        label = rng.choices(LABELS, ERROR_PRIOR)[0]
    text = expand(grammar, f"{{greeting}} {core} {extra} {{farewell}}", rng)
    return sentence(text), label
