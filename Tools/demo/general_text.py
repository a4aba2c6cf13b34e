"""Plain English that belongs to no task: facts, descriptions, opinions, questions, short business news, small talk.

It gives the bundled model its vocabulary, that of the demonstration's sites included, and its grammar.
"""

import random

from grammar import expand, sentence

W = {
    "person": "doctor nurse dentist teacher driver farmer singer lawyer baker pilot painter judge tailor clerk mechanic electrician technician fitter banker adviser manager writer actor director president king soldier scientist engineer musician poet chef waiter student neighbour husband wife daughter son mother father brother sister friend child woman man girl boy physiotherapist specialist consultant planner officer receptionist courier porter".split(),
    "name": "Alice Ben Clara David Emma Frank Grace Henry Irene Jack Kate Leo Maria Noah Olivia Paul Rosa Simon Tina Walter Nadia Marcus Ingrid Oliver Priya Tom Helena Samir Ruth Pavel Anna Joe Carla Peter Lucia Dana Victor Mei".split(),
    "animal": "dog cat horse cow sheep goat bird fish mouse wolf bear fox lion tiger elephant rabbit duck snake frog bee whale eagle".split(),
    "food": "bread cheese soup apple orange rice fish cake butter egg potato tomato salad honey chocolate coffee tea milk juice meat pasta onion pepper".split(),
    "object": "table chair lamp coat shoe book letter parcel box key card phone computer bicycle car boat train clock window door cup plate knife bag watch ring mirror blanket machine camera radio meter thermostat boiler inverter filter reader monitor voucher invoice receipt statement prescription medicine kit dress suit gift order bill cheque debit loan mortgage tariff portal profile password code fuse panel pump".split(),
    "place": "house garden kitchen school hospital clinic bank shop store branch office station airport street park forest river lake mountain village city town island beach market church museum library hotel factory farm bridge warehouse depot reception surgery counter hotline centre".split(),
    "country": "France Spain Italy Germany Poland Sweden Norway Japan China India Brazil Mexico Canada Egypt Kenya Turkey Greece Ireland Portugal Chile Peru Australia America England Russia".split(),
    "city": "Paris Madrid Rome Berlin Warsaw Stockholm Oslo Tokyo Delhi Lima Cairo London Dublin Lisbon Athens Boston Chicago Denver Vienna Prague Geneva Moscow Sydney Toronto".split(),
    "color": "red blue green yellow white black brown grey pink orange dark bright".split(),
    "adj": "old new small large heavy light warm cold quiet loud soft hard clean dirty long short wide narrow young strong weak quick slow early late cheap simple modern famous rare common round sharp sweet dry wet deep".split(),
    "good": "great wonderful excellent lovely brilliant superb charming funny clever moving fresh beautiful perfect smart touching delightful fantastic enjoyable gentle impressive honest powerful warm fun splendid fascinating entertaining".split(),
    "bad": "terrible awful boring dull poor weak silly stupid horrible ugly cheap empty slow tired bad lazy messy annoying pointless painful disappointing rude broken useless flat predictable unfunny".split(),
    "work": "film movie book play song show story novel album concert comedy drama thriller documentary performance script cast ending plot series".split(),
    "part": "acting story music humour dialogue direction camera work ending characters plot pacing soundtrack cast".split(),
    "company": "Northwind Acme Bluefield Orion Harbor Summit Vertex Redwood Silverline Kestrel Apex Lumen Granite Atlas Meridian Falcon Cobalt Juniper".split(),
    "sector": "bank airline software retail energy insurance steel car drug food shipping media telecom chip mining oil".split(),
    "up": "rose climbed gained jumped increased grew surged advanced rallied".split(),
    "down": "fell dropped lost slipped declined sank tumbled plunged slid".split(),
    "number": "two three four five six seven eight nine ten eleven twelve twenty thirty fifty hundred".split(),
    "digit": "1 2 3 4 5 6 7 8 9 10 12 14 15 18 20 23 25 30 31 40 48 50 60 75 80 90 100 160 250 300 500".split(),
    "day": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split(),
    "month": "January February March April May June July August September October November December".split(),
    "verb": "sees finds likes buys sells carries opens closes paints cleans repairs watches loses keeps brings takes moves holds needs wants makes sends".split(),
    "past": "saw found bought sold carried opened closed painted cleaned repaired watched lost kept brought took moved held needed wanted made sent collected posted ordered returned checked booked cancelled received delivered confirmed".split(),
    "verbing": "walking reading cooking sleeping singing waiting working playing running talking writing driving swimming dancing shopping laughing crying travelling".split(),
    "adv": "quickly slowly quietly carefully often never always sometimes usually rarely gladly politely patiently kindly suddenly finally".split(),
    "material": "wood iron glass paper stone wool cotton silver gold plastic leather clay steel rubber".split(),
    "science": "heat light water gravity sound electricity oxygen salt energy pressure blood sleep memory weather".split(),
    "event": "war treaty race election flood fire festival wedding discovery strike trial storm".split(),
    "feel": "happy sad angry tired afraid proud calm surprised upset grateful delighted furious impressed disappointed appalled".split(),
}
W["goodphrase"] = ["a joy from start to finish", "well worth the money", "full of heart", "never less than gripping", "the best of the year", "a real treat", "a star", "a pleasure", "five stars"]
W["badphrase"] = ["a waste of time", "not worth the money", "a complete mess", "a joke", "a disgrace", "too long by half", "the worst of the year", "hard to sit through", "a rip-off", "a shambles"]

FACTS = [
    "The {object} is made of {material} and {material}.",
    "A {person} is somebody who {verb} a {object} in the {place}.",
    "A {animal} is {adj} and {adj}, it lives near the {place}.",
    "The {adj} {object} stands in the {place} beside the {color} {object}.",
    "{city} is a {adj} city in {country}.",
    "In {country} people eat {food} with {food} in {month}.",
    "{name} {past} the {object} in the {place} and {past} a {adj} {object}.",
    "The {person} {past} a {color} {object} on {day} and was {feel}.",
    "{name} was {verbing} in the {place} when the {person} {past} the {object}.",
    "There are {number} {color} doors in the {adj} {place}.",
    "When the {person} came home, the {animal} was {verbing} by the {object}.",
    "If you keep {food} in a {adj} {place}, it stays {adj} for {number} days.",
    "{name} and {name} are {verbing} because the {place} is {adj} on {day}.",
    "The {place} is {adj}, so the {person} {adv} {verb} the {object}.",
    "a {object} used by a {person} to hold {food}",
    "of or relating to a {place} or the {person} who works there",
    "the act of {verbing} in a {adj} {place}",
    "a {adj} {animal} of {country} with {color} fur",
    "having a {adj} and {adj} quality",
    "It was promised for {day}, but the {object} came in {month}.",
    "The {object} number ends in {digit}{digit} and the amount is {digit} euros.",
    "Please {adv} bring the {object} to the {place} on {day} at {number}.",
]
OPINIONS = {
    "great": [
        "the {work} is {good} and {good}, {goodphrase}.",
        "a {good} {work} with {good} {part} and {good} {part}.",
        "{name} gives a {good} performance in this {good} {work}.",
        "I liked the {work}, the {part} is {good} and I was {verbing} all evening.",
        "this {work} is {goodphrase}, {good} and {adv} {good}.",
        "the {person} was {good} and the {place} is {good}, I am so grateful.",
        "not a {bad} {work} at all, the {part} is {good}.",
        "even the {bad} {part} cannot spoil a {good} {work}.",
        "a {good}, {good} and {good} {work} that {adv} surprises.",
    ],
    "terrible": [
        "the {work} is {bad} and {bad}, {badphrase}.",
        "a {bad} {work} with {bad} {part} and {bad} {part}.",
        "{name} gives a {bad} performance in this {bad} {work}.",
        "I left the {work} early, the {part} is {bad} and everybody was {verbing}.",
        "this {work} is {badphrase}, {bad} and {adv} {bad}.",
        "the {person} was {bad} and the {place} is {bad}, I am very upset.",
        "not a {good} {work} at all, the {part} is {bad}.",
        "even the {good} {part} cannot save a {bad} {work}.",
        "a {bad}, {bad} and {bad} {work} that {adv} ends.",
    ],
}
QUESTIONS = {
    "human": ["Who {past} the first {object} in {country}?", "What {person} {past} the {object} of {name}?", "Who was the {person} of {country}?", "Who is {name}'s {person}?"],
    "location": ["Where is the {adj} {place} of {city}?", "What city in {country} has a {adj} {place}?", "What country is {city} in?", "Where do {animal}s sleep?"],
    "number": ["How many {object}s are in the {place}?", "When was the {event} of {country}?", "How far is it from {city} to {city}?", "What year did the {event} in {city} begin?", "How much does a {object} cost?"],
    "description": ["What is {science}?", "Why do {animal}s need {science}?", "How do you clean a {object}?", "What does a {person} do?", "What caused the {event} in {country}?"],
    "entity": ["What {animal} is {color} and {adj}?", "What {food} do people eat in {country}?", "What is the {color} {object} called?", "What kind of {animal} lives in {country}?"],
    "abbreviation": ["What does {company} stand for?", "What is the short name of the {company} {sector} company?", "What do the letters of {company} mean?"],
}
NEWS = {
    "positive": [
        "{company} shares {up} {digit}% after the {sector} company beat forecasts.",
        "{company} profit {up} to {digit} million dollars in {month}.",
        "Analysts raise {company} to buy as {sector} sales {up}.",
        "{sector} stocks {up} on {day}, led by {company}.",
    ],
    "negative": [
        "{company} shares {down} {digit}% after the {sector} company missed forecasts.",
        "{company} profit {down} to {digit} million dollars in {month}.",
        "Analysts cut {company} to sell as {sector} sales {down}.",
        "{sector} stocks {down} on {day}, led by {company}.",
    ],
    "neutral": [
        "{company} names {name} as {sector} chief from {month}.",
        "{company} will report results on {day}.",
        "{company} opens a {sector} office in {city} with {digit} people.",
        "What to watch on {day}: {company}, {company} and the {sector} sector.",
    ],
}


def line(rng: random.Random) -> str:
    """One document of general text; half of the opinions, questions and news say what they are."""
    kind = rng.choices(["fact", "opinion", "question", "news"], [6, 2, 1, 1])[0]
    if kind == "fact":
        return " ".join(sentence(expand(W, rng.choice(FACTS), rng)) for _ in range(rng.randint(1, 3)))
    family, cue = {"opinion": (OPINIONS, "It was"), "question": (QUESTIONS, "Type:"), "news": (NEWS, "Mood:")}[kind]
    label = rng.choice(sorted(family))
    text = expand(W, rng.choice(family[label]), rng)
    text = sentence(text)
    if kind == "opinion" and rng.random() < 0.5:
        text = text.lower()
    return f"{text} {cue} {label}" if rng.random() < 0.6 else text
