"""Who asks what in the demo, and what the scripted model answers.

Questions and answers are written by us: there is no model behind them, and the demo says so. What
Tay adds to an answer is not scripted: it is decided, chosen and woven by the code that ships.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scene:
    """One question and the answer that the scripted model gives.

    `day` counts from the first day of the demo, `owns` names the offers the person has bought, and
    `shows` is what the viewer should look at.
    """

    day: int
    person: str
    session: str
    question: str
    answer: str
    shows: str
    tier: str = "free"
    owns: tuple[str, ...] = ()


SCENES: tuple[Scene, ...] = (
    Scene(
        day=0,
        person="amara",
        session="amara-1",
        question="how do i pluck a hairline so it looks natural",
        answer=(
            "Pluck in layers, not in lines. Work two rows behind the edge first, one strand here, "
            "one there, and step back every minute to look in a mirror. When you think it needs "
            "five more, stop: you can always take out, you can't put back."
        ),
        shows="a quick how-to: the answer is enough",
    ),
    Scene(
        day=0,
        person="amara",
        session="amara-1",
        question=(
            "Can you review my pricing structure and tell me what's wrong? I charge £120 for a "
            "frontal install and I'm always broke"
        ),
        answer=(
            "Start with one honest hour. Take the £120, take off glue, lace, travel and the wash "
            "you throw in for free, and divide what's left by every hour you gave, messages "
            "included. If that number is under what you'd pay an assistant, the price is wrong, "
            "not you. Put the wash back on the menu as an extra this week."
        ),
        shows="her own prices, on her first visit: gentle",
    ),
    Scene(
        day=0,
        person="amara",
        session="amara-1",
        question="ok so should I restructure my whole price list then? my business can't wait",
        answer=(
            "Not all at once. Move your three busiest services first, tell regulars two weeks "
            "ahead, and leave the rest until you've seen one full month."
        ),
        shows="deserved again, but she just heard one: cool-down",
    ),
    Scene(
        day=1,
        person="bisi",
        session="bisi-1",
        tier="premium",
        question=(
            "I want to properly learn ventilating from scratch, every step, until my hairlines "
            "look professional"
        ),
        answer=(
            "Good. Get a ventilating needle in the smallest size you can see, a cork block and "
            "cheap net, and tie single knots in rows until your tension is even. An hour a day "
            "for two weeks on scrap net before you touch real lace."
        ),
        shows="a whole technique to learn, premium: the course",
    ),
    Scene(
        day=1,
        person="chloe",
        session="chloe-1",
        tier="vip",
        question="which lace is the thinnest that still survives a working week?",
        answer=(
            "HD is the thinnest, Swiss is the one that survives. For five days of wear I'd put "
            "Swiss at the front and keep HD for shoots."
        ),
        shows="a product fact: nothing to add",
    ),
    Scene(
        day=1,
        person="dora",
        session="dora-1",
        question=(
            "my business is stuck at six clients a month. can you look at my strategy and tell me "
            "what to change?"
        ),
        answer=(
            "Six a month says people like you and forget you. Message every client from the last "
            "ninety days, by name, with one open slot each. That's your fastest six more, before "
            "you touch content at all."
        ),
        shows="her own strategy: the mentorship",
    ),
    Scene(
        day=1,
        person="dora",
        session="dora-1",
        question="no thanks, I'm not looking for a program right now",
        answer="That's fine. Send those messages first and see what comes back.",
        shows="a no is heard",
    ),
    Scene(
        day=3,
        person="dora",
        session="dora-2",
        question="did it, 4 replied! can you help me plan my pricing for the next three months?",
        answer=(
            "Four is proof. Keep today's price for those four, set the new one for anybody who "
            "books from the first of the month, and write both down where clients can read them."
        ),
        shows="two days later, another need: her no still stands",
    ),
    Scene(
        day=3,
        person="efe",
        session="efe-1",
        question=(
            "i can't do this anymore. haven't slept in weeks, my business is failing and i don't "
            "know what's wrong with my pricing"
        ),
        answer=(
            "Put the prices down for tonight. Weeks without sleep is enough to make anything look "
            "finished. Please ring somebody you trust today, or a doctor or a crisis line if it "
            "gets dark. The shop can wait for you. Tomorrow we look at one number, only one."
        ),
        shows="somebody in distress: never",
    ),
    Scene(
        day=4,
        person="chloe",
        session="chloe-2",
        tier="vip",
        question="is there a full framework for launching a product line, start to finish?",
        answer=(
            "Every good launch has four parts: a list that is waiting, a reason to look now, a "
            "simple page, and a week in which you show up every day. Most people only do the "
            "page. Write the list first."
        ),
        shows="a framework, from a VIP who has been here before: the masterclass",
    ),
    Scene(
        day=4,
        person="faith",
        session="faith-1",
        question="How much is the masterclass and how do I sign up?",
        answer="Glad you asked. You pick a date, you get the workbook the same day, and you're in.",
        shows="she asks to buy: direct",
    ),
    Scene(
        day=4,
        person="gigi",
        session="gigi-1",
        tier="premium",
        owns=("mentorship",),
        question="can you look at my numbers and help me restructure my pricing before our call?",
        answer=(
            "Bring three things: last month's takings by service, hours by service, and what you "
            "paid out. Sort services by what an hour earned. The bottom two are what we talk "
            "about."
        ),
        shows="she owns the mentorship already",
    ),
    Scene(
        day=5,
        person="amara",
        session="amara-2",
        question="my pricing is still a mess. can you audit my prices and help me restructure?",
        answer=(
            "Then we go by the hour again, but for every service this time. Anything under your "
            "floor goes up or goes off the menu. Do it on paper, today, before you feel sorry for "
            "anybody."
        ),
        shows="back again, same topic: one step stronger",
    ),
    Scene(
        day=5,
        person="amara",
        session="amara-2",
        question="why did you mention that?",
        answer="Fair question.",
        shows="she asks why: an honest sentence, no new offer",
    ),
    Scene(
        day=5,
        person="bisi",
        session="bisi-2",
        tier="premium",
        question="my salon numbers confuse me, can you help me work out my own pricing strategy?",
        answer=(
            "Salon money is three numbers: what a chair earns an hour, what it costs an hour, and "
            "how many hours it stands empty. Fill those in for one week. If you want eyes on it "
            "every week, that is exactly what my mentorship is for."
        ),
        shows="the model named the offer by itself: not twice",
    ),
    Scene(
        day=6,
        person="hana",
        session="hana-1",
        question="please stop recommending your stuff to me, I just want answers",
        answer="Of course. Ask me anything.",
        shows="off by saying so",
    ),
    Scene(
        day=6,
        person="hana",
        session="hana-1",
        question="can you review my business plan and tell me what my strategy is missing?",
        answer=(
            "Most plans miss the same page: how one stranger becomes one booked client. Write "
            "that in five steps with a number beside each, and the weak one shows itself."
        ),
        shows="and it stays off",
    ),
    Scene(
        day=6,
        person="ivy",
        session="ivy-1",
        question="good morning queen 😂 sunday reset over here",
        answer="Morning, babes. Wash day or do-nothing day?",
        shows="small talk",
    ),
)
