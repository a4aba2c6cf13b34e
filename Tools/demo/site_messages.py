"""What clients write to the four sites of the demonstration.

The sites are a bank, a clinic, a shop and an energy company. Every message has a subject (payment, delivery,
account, appointment) and a tone. The front desks file a message by its tone when it has one (complaint, praise),
else by its subject. Templates and fillers are not shared with `training_messages.py`.
"""

COMMON = {
    "day": ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"],
    "month": ["January", "March", "April", "June", "August", "October", "November"],
    "span": ["two weeks", "nine days", "a month", "ten days", "three weeks", "almost a month", "six days"],
    "time": ["nine", "half past ten", "noon", "two in the afternoon", "four", "a quarter past eight"],
    "sum": ["12 pounds", "48 pounds", "75 euros", "31 euros", "160 dollars", "23 dollars", "90 pounds"],
    "reference": ["4471", "B-209", "77 310", "K18", "5502", "Z-64", "90 112"],
    "clerk": ["Nadia", "Marcus", "Ingrid", "Oliver", "Priya", "Tom", "Helena", "Samir", "Ruth", "Pavel"],
    "hello": ["Hello,", "Good morning,", "Hi there,", "Dear team,", "Good afternoon,", "Hello again,", "", "", "", ""],
    "bye": [
        "Kind regards.", "Many thanks.", "Please get back to me.", "Thanks in advance.", "My reference is {reference}.",
        "Call me any day before {time}.", "", "", "", "", "",
    ],
    "ask": ["could you please", "can someone", "would you be so kind to", "would it be possible to"],
    "never": ["nobody", "not a single person", "no one in your office"],
    "adverb": ["quickly", "patiently", "kindly", "carefully", "politely"],
}

PLACES = {
    "bank": {
        "goods": ["new debit card", "cheque book", "card reader", "bank statement", "replacement card", "foreign currency"],
        "bill": ["monthly fee", "card fee", "loan instalment", "overdraft fee", "transfer", "standing order"],
        "expert": ["mortgage adviser", "branch manager", "loan officer", "pension adviser"],
        "visit": ["talk about a mortgage", "review my savings", "open a joint deposit", "sign the loan papers"],
        "place": ["branch", "counter", "bank", "main office"],
        "login": ["online banking", "banking app", "savings profile"],
    },
    "clinic": {
        "goods": ["test kit", "medicine", "blood pressure monitor", "prescription", "hearing aid", "insulin pens"],
        "bill": ["consultation fee", "x-ray charge", "dental invoice", "prescription charge", "insurance share"],
        "expert": ["doctor", "nurse", "dentist", "physiotherapist", "eye specialist"],
        "visit": ["have my knee checked", "get a flu jab", "discuss my blood results", "have a tooth looked at"],
        "place": ["clinic", "surgery", "reception", "practice"],
        "login": ["patient portal", "health record", "patient profile"],
    },
    "shop": {
        "goods": ["parcel", "coffee machine", "winter coat", "garden chair", "birthday gift", "pair of shoes", "desk lamp"],
        "bill": ["order", "gift voucher", "express charge", "discount code", "credit card purchase"],
        "expert": ["kitchen planner", "tailor", "bicycle mechanic", "bridal consultant"],
        "visit": ["have a suit fitted", "plan our new kitchen", "get my bicycle serviced", "try on the dress"],
        "place": ["shop", "store", "till", "warehouse desk"],
        "login": ["customer profile", "loyalty card profile", "web shop login"],
    },
    "energy": {
        "goods": ["smart meter", "thermostat", "heat pump filter", "meter key", "solar inverter", "welcome pack"],
        "bill": ["gas bill", "electricity bill", "direct debit", "final bill", "heating surcharge", "yearly settlement"],
        "expert": ["technician", "fitter", "energy consultant", "electrician"],
        "visit": ["have the boiler inspected", "get the meter read", "replace the fuse box", "plan solar panels"],
        "place": ["service centre", "hotline", "call desk", "energy office"],
        "login": ["tariff portal", "meter app", "customer portal"],
    },
}

NEUTRAL = {
    "payment": [
        "I was charged {sum} twice for the {bill} in {month}, {ask} check this and return the difference?",
        "there is a {bill} of {sum} on my statement that I do not recognise.",
        "{ask} tell me when the {bill} of {sum} is due and whether I may pay in instalments?",
        "my card was declined when I tried to settle the {bill}, what else do you accept?",
        "I sent {sum} for the {bill} on {day} and want to know if the money has arrived.",
        "how do I get a refund for the {bill}? The amount was {sum}.",
        "the invoice says {sum} but we agreed on less for the {bill}.",
        "{ask} send a receipt for the {bill} I paid in {month}?",
        "I want to pay the {bill} by bank transfer instead of cash from {month} on.",
        "is the {bill} going up in {month}? I only budgeted {sum} for it.",
    ],
    "delivery": [
        "the {goods} was posted on {day}, when will it reach my house?",
        "{ask} send the {goods} to my neighbour instead, I am away until {day}?",
        "the tracking page shows no movement of my {goods} since {day}.",
        "do you ship the {goods} abroad, and how long does the courier take?",
        "I was out when the driver came with the {goods}, where can I collect it?",
        "the {goods} should come by {day}, which carrier brings it?",
        "{ask} leave the {goods} with the porter when the van comes on {day}?",
        "a courier note says the {goods} is at the depot, how do I arrange a second attempt?",
        "has the {goods} been dispatched yet? The promised date was {day}.",
        "I need the {goods} shipped to another street because we move in {month}.",
    ],
    "account": [
        "I cannot log in to the {login} since I changed my phone, {ask} reset my password?",
        "{ask} change the surname in my {login}, I got married in {month}?",
        "the {login} does not accept my new e-mail and I am locked out.",
        "how can I close my {login} and have my personal data removed?",
        "I moved house, {ask} update the address stored in the {login}?",
        "my daughter should get access to the {login} as well, what do you need from her?",
        "the {login} asks for a security code that never reaches my phone.",
        "I forgot the user name for the {login} and the recovery link has expired.",
        "{ask} register a second phone number in my {login}?",
        "two profiles with my name exist in the {login}, can they be merged?",
    ],
    "appointment": [
        "I would like to see a {expert} on {day} around {time} to {visit}.",
        "{ask} move my {day} slot with the {expert} to {time}?",
        "is the {expert} free on {day}? I want to {visit}.",
        "I have to cancel the meeting with the {expert} on {day}, what other times are open?",
        "do I need to book ahead to {visit}, or can I just walk in at {time}?",
        "which days in {month} can I come in to {visit}?",
        "please confirm that the {expert} expects me on {day} at {time}.",
        "my husband and I want to {visit}, is there an opening at {time}?",
        "I will be late on {day}, can the {expert} see me at {time} instead?",
        "what should I bring when I come to {visit} on {day}?",
    ],
}

COMPLAINTS = {
    "payment": [
        "{never} has given back the {sum} you took for the {bill}, this is outrageous.",
        "I am furious that the {bill} was taken again, {span} after I told you to stop.",
        "the {bill} is a rip-off and {never} can explain the {sum}.",
    ],
    "delivery": [
        "I have waited {span} for the {goods} and {never} bothers to answer, this is unacceptable.",
        "the {goods} arrived broken and your staff shrugged, I am very disappointed.",
        "{span} late, the wrong {goods}, and {never} apologises. What a shambles.",
    ],
    "account": [
        "the {login} has been broken for {span} and {never} cares, it is a disgrace.",
        "you deleted my {login} without asking and I am extremely upset about it.",
        "every time I open the {login} it fails, such a useless system, I am fed up.",
    ],
    "appointment": [
        "I came to {visit} and was sent away after waiting until {time}, how rude.",
        "the {expert} did not show up on {day} and {never} said sorry, I am appalled.",
        "you cancelled on me for the third time, I only want to {visit}, this is a joke.",
    ],
}

PRAISES = {
    "payment": [
        "{clerk} sorted out the {bill} so {adverb} that I want to say how delighted I am.",
        "wonderful service with the {bill}, the {sum} were back within a day, well done {clerk}.",
        "I am really impressed how fairly {clerk} handled the {bill}.",
    ],
    "delivery": [
        "the {goods} came a day early and the driver was lovely, what a pleasure.",
        "I just want to compliment {clerk}, who {adverb} carried the {goods} up the stairs.",
        "brilliant, the {goods} arrived perfectly wrapped, you made my week.",
    ],
    "account": [
        "{clerk} {adverb} helped me with the {login} and was a star, please pass on my thanks.",
        "the new {login} is a joy to use, congratulations to whoever made it.",
        "I am so grateful that {clerk} rescued my {login}, fantastic work.",
    ],
    "appointment": [
        "the {expert} was superb on {day}, so gentle and clear, I could not be happier.",
        "I came to {visit} and everyone at the {place} was charming, five stars.",
        "hats off to the {expert}, the visit on {day} was excellent from start to finish.",
    ],
}

MORE = {
    "payment": ["It concerns the {month} bill.", "The amount is {sum}.", "I can show the receipt.", "I pay on the first of the month."],
    "delivery": ["My street number is 14.", "The parcel number is {reference}.", "I am at home after {time}.", "It was promised for {day}."],
    "account": ["I still use the old phone.", "My user name ends in {reference}.", "I tried it on {day}.", "It worked in {month}."],
    "appointment": ["Mornings suit me best.", "I am free after {time}.", "My case number is {reference}.", "It should take half an hour."],
    "complaint": ["I expect better from this {place}.", "I will go elsewhere.", "I want to hear from a manager.", "Never again.", "Shame on you."],
    "praise": ["The {place} should be proud.", "I will tell all my friends.", "Keep it up.", "It made me smile.", "You are the best."],
}
