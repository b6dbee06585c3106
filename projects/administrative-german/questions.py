"""What citizens ask about a letter, in German, English and easy German: the wordings of the form `citizen`."""

CITIZEN: dict[str, dict[str, tuple[str, ...]]] = {
    "pay-until": {
        "de": (
            "Bis wann muss ich zahlen?", "Wann muss das Geld spätestens da sein?",
            "Welcher Tag ist der letzte für die Zahlung?",
        ),
        "en": (
            "By when do I have to pay?", "What is the last day for the payment?",
            "When is the payment due?",
        ),
        "easy": (
            "Wie lange habe ich Zeit für das Bezahlen?", "Bis zu welchem Tag muss ich bezahlen?",
            "Wann muss ich bezahlt haben?",
        ),
    },
    "pay-amount": {
        "de": (
            "Wie viel muss ich zahlen?", "Welchen Betrag soll ich überweisen?",
            "Wie hoch ist der Betrag?",
        ),
        "en": (
            "How much do I have to pay?", "Which amount should I transfer?",
            "What is the sum that I owe?",
        ),
        "easy": (
            "Wie viel Geld muss ich bezahlen?", "Was kostet mich das?",
            "Wie hoch ist die Summe für mich?",
        ),
    },
    "pay-file": {
        "de": (
            "Welches Zeichen gehört auf die Überweisung?", "Was muss ich bei der Zahlung angeben?",
            "Mit welchem Zeichen soll ich überweisen?",
        ),
        "en": (
            "Which reference belongs on the bank transfer?", "What do I have to state with the payment?",
            "Which number do you need with the payment?",
        ),
        "easy": (
            "Welche Nummer muss ich beim Bezahlen aufschreiben?", "Was schreibe ich auf die Überweisung?",
            "Welches Zeichen brauchen Sie beim Bezahlen?",
        ),
    },
    "fee-until": {
        "de": (
            "Bis wann ist die Gebühr zu zahlen?", "Wann muss die Gebühr spätestens bezahlt sein?",
            "Welcher Tag ist der letzte für die Gebühr?",
        ),
        "en": (
            "By when is the fee to be paid?", "What is the last day for paying the fee?",
            "When is the fee due?",
        ),
        "easy": (
            "Bis wann muss ich die Gebühr bezahlen?", "Wie lange habe ich Zeit für die Gebühr?",
            "An welchem Tag muss die Gebühr da sein?",
        ),
    },
    "fee-amount": {
        "de": (
            "Wie hoch ist die Gebühr?", "Welche Gebühr fällt an?",
            "Was kostet das an Gebühren?",
        ),
        "en": (
            "How high is the fee?", "Which fee do I have to pay?",
            "What does the office charge?",
        ),
        "easy": (
            "Wie viel kostet die Gebühr?", "Wie viel Geld ist die Gebühr?",
            "Was muss ich als Gebühr bezahlen?",
        ),
    },
    "repay-until": {
        "de": (
            "Bis wann muss ich das Geld zurückzahlen?", "Wann muss die Rückzahlung spätestens da sein?",
            "Welcher Tag ist der letzte für die Rückzahlung?",
        ),
        "en": (
            "By when do I have to pay the money back?", "What is the last day for the repayment?",
            "When is the repayment due?",
        ),
        "easy": (
            "Bis zu welchem Tag muss ich das Geld zurückgeben?", "Wie lange habe ich Zeit für das Zurückzahlen?",
            "Wann muss das Geld wieder bei Ihnen sein?",
        ),
    },
    "repay-amount": {
        "de": (
            "Wie viel muss ich zurückzahlen?", "Welchen Betrag fordern Sie zurück?",
            "Wie hoch ist die Rückforderung?",
        ),
        "en": (
            "How much do I have to pay back?", "Which amount do you want back?",
            "What is the sum to be repaid?",
        ),
        "easy": (
            "Wie viel Geld muss ich zurückgeben?", "Wie viel wollen Sie zurückhaben?",
            "Wie hoch ist das Geld, das ich zurückgebe?",
        ),
    },
    "papers-until": {
        "de": (
            "Bis wann brauchen Sie die Unterlagen?", "Wann müssen die Unterlagen spätestens da sein?",
            "Wie lange habe ich Zeit für die Unterlagen?",
        ),
        "en": (
            "By when do you need the papers?", "What is the last day for sending the papers?",
            "When are the papers due?",
        ),
        "easy": (
            "Bis wann muss ich die Papiere schicken?", "Wie lange habe ich Zeit für die Papiere?",
            "Wann müssen die Papiere da sein?",
        ),
    },
    "papers-where": {
        "de": (
            "Wohin soll ich die Unterlagen schicken?", "Bei welcher Stelle gebe ich die Unterlagen ab?",
            "Welche Stelle bekommt die Unterlagen?",
        ),
        "en": (
            "Where should I send the papers?", "Which office gets the papers?",
            "Where do the papers go?",
        ),
        "easy": (
            "Wohin schicke ich die Papiere?", "Wer bekommt die Papiere?",
            "Wo gebe ich die Papiere ab?",
        ),
    },
    "comment-until": {
        "de": (
            "Bis wann kann ich mich dazu äußern?", "Wie lange kann ich Ihnen meine Sicht schreiben?",
            "Wann muss meine Stellungnahme spätestens da sein?",
        ),
        "en": (
            "By when can I comment on this?", "Until when can I send you my view?",
            "What is the last day for my statement?",
        ),
        "easy": (
            "Bis wann kann ich meine Meinung schreiben?", "Wie lange habe ich Zeit für meine Meinung?",
            "Bis zu welchem Tag kann ich etwas dazu sagen?",
        ),
    },
    "instalment-until": {
        "de": (
            "Bis wann kann ich Raten beantragen?", "Wann muss der Antrag auf Raten spätestens da sein?",
            "Wie lange kann ich um Raten bitten?",
        ),
        "en": (
            "By when can I apply for instalments?", "What is the last day to ask for instalments?",
            "Until when can I request instalments?",
        ),
        "easy": (
            "Bis wann kann ich Raten bekommen?", "Wie lange kann ich um kleine Teile bitten?",
            "Bis zu welchem Tag kann ich Raten wollen?",
        ),
    },
    "remedy-time": {
        "de": (
            "Wie lange kann ich mich gegen den Bescheid wehren?", "Ich bin dagegen. Wie viel Zeit habe ich?",
            "Was kann ich gegen den Bescheid tun, und wie lange?",
        ),
        "en": (
            "How long can I object to this decision?", "I do not agree. How much time do I have?",
            "What can I do against it, and for how long?",
        ),
        "easy": (
            "Der Brief ist falsch. Wie lange habe ich Zeit?", "Was kann ich dagegen tun, und wie lange?",
            "Ich will das nicht. Was kann ich tun, und wie lange?",
        ),
    },
    "grant-amount": {
        "de": (
            "Wie viel Geld bekomme ich?", "Wie hoch ist die Leistung?",
            "Welchen Betrag zahlen Sie mir?",
        ),
        "en": (
            "How much money do I get?", "How high is the benefit?",
            "Which amount will you pay me?",
        ),
        "easy": (
            "Wie viel Geld kriege ich?", "Welche Summe bekomme ich?",
            "Wie viel zahlt mir das Amt?",
        ),
    },
    "appointment-when": {
        "de": (
            "Wann ist mein Termin?", "Wann soll ich kommen?",
            "An welchem Tag und um wie viel Uhr soll ich da sein?",
        ),
        "en": (
            "When is my appointment?", "When should I come?",
            "On which day and at what time is it?",
        ),
        "easy": (
            "Wann muss ich kommen?", "An welchem Tag ist der Termin, und wann?",
            "Wann ist der Termin?",
        ),
    },
    "permit-until": {
        "de": (
            "Bis wann gilt die Erlaubnis?", "Wann läuft die Erlaubnis ab?",
            "Welcher Tag ist der letzte, an dem die Erlaubnis gilt?",
        ),
        "en": (
            "Until when is the permit valid?", "When does the permit expire?",
            "What is the last day of the permit?",
        ),
        "easy": (
            "Wie lange darf ich das?", "Bis zu welchem Tag ist das erlaubt?",
            "Wie lange ist das erlaubt?",
        ),
    },
}  # fmt: skip
