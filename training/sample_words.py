"""What the sample catalogue is written with: invented brands, the range, and sentences in six languages."""

from __future__ import annotations

BRANDS = (
    "Zelmora",
    "Quibrant",
    "Ostrevia",
    "Plovaria",
    "Tirrendo",
    "Velkuna",
    "Brimsolo",
    "Kasudari",
    "Hulvenne",
    "Drapolix",
    "Yonterra",
    "Wexalu",
)
SERIES = ("Aero", "Basis", "Nova", "Terra", "Luma", "Classic")
COLOURS = (
    "black", "white", "grey", "red", "burgundy", "pink", "purple", "navy", "blue",
    "light-blue", "turquoise", "green", "dark-green", "yellow", "orange", "brown", "beige",
)  # fmt: skip
# Department: its kinds, a usual price, its sizes. Kinds that a reader would confuse (jeans, trousers) are left out.
RANGE: dict[str, tuple[str, float, tuple[str, ...]]] = {
    "wear": (
        "t-shirt shirt sweater hoodie jacket dress skirt trousers shorts socks scarf gloves cap",
        35,
        ("XS", "S", "M", "L", "XL"),
    ),
    "shoes": ("sneaker boot sandal flip-flops heels", 60, ("37", "38", "39", "41", "43", "45")),
    "carry": ("backpack handbag suitcase wallet umbrella watch sunglasses belt", 55, ()),
    "home": ("chair armchair sofa table lamp clock cushion vase candle towel mug bowl pan kettle bottle knife", 40, ()),
    "tech": ("phone laptop headphones camera speaker keyboard", 150, ()),
    "play": ("teddy toy-car ball kite bicycle racket dumbbell skateboard tent helmet", 45, ()),
    "work": ("hammer drill scissors notebook watering-can flowerpot", 20, ()),
}
TITLES: dict[str, tuple[str, str]] = {  # plain, and mixed with English the way marketplaces write
    "en": ("{brand} {colour} {kind} {pattern} {for_whom}", "{brand} {series} {kind} - {base} {pattern}"),
    "de": ("{brand} {kind} {pattern_base} {base} {for_whom}", "{brand} {series} {english} {kind} {base}"),
    "fr": ("{kind} {pattern} {colour} {for_whom} {brand}", "{brand} {series} {english} {kind} {colour}"),
    "es": ("{kind} {pattern} {colour} {for_whom} {brand}", "{brand} {series} {english} {kind} {colour}"),
    "ja": ("{brand} {kind} {pattern} {colour} {for_whom}", "{brand} {series} {english} {kind} {colour}"),
    "zh": ("{brand} {colour}{pattern}{kind} {for_whom}", "{brand} {series} {english} {colour}{kind} {for_whom}"),
}
ABOUT: dict[str, str] = {
    "en": "{kind} in {base}{pattern}.",
    "de": "{kind} in {base}{pattern}.",
    "fr": "{kind} {colour}{pattern}.",
    "es": "{kind} {colour}{pattern}.",
    "ja": "{colour}の{kind}{pattern}です。",
    "zh": "{colour}{kind}{pattern}。",
}
USES: dict[str, dict[str, str]] = {
    "en": {
        "wear": "Soft on the skin, keeps its shape after many washes.",
        "shoes": "Cushioned sole for long walks in the city.",
        "carry": "Sturdy seams and room for everything you need on the way.",
        "home": "Fits a small flat as well as a large kitchen or living room.",
        "tech": "Quick to set up, with a quiet design and a two-year warranty.",
        "play": "Made for weekends outdoors and rainy afternoons indoors.",
        "work": "Lies well in the hand and lasts for years.",
    },
    "de": {
        "wear": "Weich auf der Haut und formstabil nach vielen Wäschen.",
        "shoes": "Gedämpfte Sohle für lange Wege in der Stadt.",
        "carry": "Stabile Nähte und Platz für alles, was unterwegs gebraucht wird.",
        "home": "Passt in die kleine Wohnung ebenso wie in die große Küche.",
        "tech": "Schnell eingerichtet, schlicht gestaltet, zwei Jahre Garantie.",
        "play": "Für Wochenenden im Freien und Regentage zu Hause.",
        "work": "Liegt gut in der Hand und hält viele Jahre.",
    },
    "fr": {
        "wear": "Doux sur la peau, garde sa forme après de nombreux lavages.",
        "shoes": "Semelle amortie pour les longues marches en ville.",
        "carry": "Coutures solides et de la place pour tout emporter.",
        "home": "Trouve sa place dans un petit appartement comme dans une grande cuisine.",
        "tech": "Prêt en quelques minutes, design sobre, garantie deux ans.",
        "play": "Pour les week-ends dehors et les jours de pluie.",
        "work": "Bonne prise en main, conçu pour durer des années.",
    },
    "es": {
        "wear": "Suave con la piel, conserva la forma tras muchos lavados.",
        "shoes": "Suela acolchada para largos paseos por la ciudad.",
        "carry": "Costuras resistentes y espacio para todo lo necesario.",
        "home": "Encaja en un piso pequeño y también en una cocina grande.",
        "tech": "Listo en pocos minutos, diseño discreto, dos años de garantía.",
        "play": "Para fines de semana al aire libre y tardes de lluvia.",
        "work": "Cómodo de sujetar y hecho para durar años.",
    },
    "ja": {
        "wear": "肌にやさしく、洗っても型くずれしません。",
        "shoes": "クッション性のある底で、街歩きも快適。",
        "carry": "丈夫な縫製で、必要なものがすべて入ります。",
        "home": "小さな部屋にも広いキッチンにもよく合います。",
        "tech": "設定は簡単、落ち着いたデザイン、二年保証付き。",
        "play": "週末の屋外でも、雨の日の室内でも楽しめます。",
        "work": "手になじみ、長く使えます。",
    },
    "zh": {
        "wear": "亲肤柔软，多次洗涤不变形。",
        "shoes": "缓震鞋底，适合城市长时间步行。",
        "carry": "做工结实，容量充足，出行必备。",
        "home": "小户型和大厨房都很合适。",
        "tech": "几分钟即可上手，设计简洁，两年质保。",
        "play": "周末户外和雨天室内都好玩。",
        "work": "手感舒适，经久耐用。",
    },
}
