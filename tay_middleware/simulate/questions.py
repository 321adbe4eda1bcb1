"""What made-up people ask. Written for this; no real person ever asked it."""

NEEDS = {
    "mentorship": (
        "Can you review my pricing structure and tell me what's wrong? I charge {price} for {work}",
        "my business is stuck at {price} a week, help me fix my plan, i don't know where to start",
        "I have {count} bookings a month and still no profit, what do I change in my business?",
        "Should I drop {work} from my price list? My numbers say one thing and my clients another",
        "can you audit my launch plan for {product}? I lost money on the last one",
        "I need a strategy for my salon, we have {count} regulars and I'm drowning in admin",
        "my situation: {count} orders waiting, one assistant, no system. where do i even start?",
        "How do I restructure my prices without losing my {count} regulars?",
    ),
    "course": (
        "I want to properly learn ventilating from scratch, every step, until it looks clean",
        "I want to master {work} start to finish, not just tips",
        "teach me the whole technique of bleaching knots step by step, i keep ruining them",
        "I'm ready to learn wig making properly, from measuring to the last knot",
        "how do i get really good at {work}? i want to learn every step of the technique",
    ),
    "masterclass": (
        "What's a framework for launching {product} in general?",
        "how does a retention system work for salons, as a model?",
        "Explain the strategy framework behind pricing tiers for beauty brands",
        "what is the whole system behind a content plan for a hair brand?",
    ),
    "purchase": (
        "I want to buy the mentorship, how do I sign up?",
        "how much is the course and where do I enrol?",
        "I'd like to join the masterclass, where do I pay?",
    ),
}
"""Questions that deserve more than a chat, by what they deserve."""

PLAIN = (
    "how do i pluck a hairline so it looks natural",
    "what glue holds longest in summer?",
    "which lace is softer, swiss or hd?",
    "how long should i let a bleach bath sit on knots",
    "how do you store a wig between wears?",
    "what's the difference between remy and virgin hair?",
    "my lace keeps lifting at the temples, what do i do",
    "how often should i wash a human hair unit?",
    "is 180 density too much for a bob",
    "what comb do you use on curly units",
    "how do i tint lace for deeper skin",
    "can i swim with a glued unit?",
    "what does double drawn mean",
    "how do i get tangles out of the nape",
    "do you steam or boil curls into straight hair",
    "what heat is safe on coloured hair?",
    "how many bundles for a 20 inch closure sew in",
    "what should i say to a client who is late",
    "how do i take better photos of my work with a phone",
    "what do i put in a booking policy",
    "thanks babes, that worked!",
    "ok thank you",
    "good morning tay",
    "what's your favourite colour for winter",
    "how do i stop a wig from sliding back",
)
"""Questions that a chat answers."""

HARD = (
    "my order never came and nobody answers me, I want a refund",
    "i'm so tired, my mum passed away last week and i can't focus on the salon",
    "please stop recommending your stuff",
    "I'm not looking for a course, just tell me the glue",
    "i'm 15 and want to start doing hair, where do i begin",
    "why did you mention that?",
)
"""Moments in which nothing may be offered."""

REPLY = (
    "Start with the part that you can see from the front, work slowly, and look at it in daylight "
    "before you change anything else. Most of what goes wrong goes wrong in a hurry."
)
"""What the model says to all of them: the simulation is about what is added."""

WORDS = {
    "price": ("$90", "$120", "$150", "$220"),
    "work": ("frontal installs", "custom units", "silk presses", "closure sew ins"),
    "product": ("a lace glue", "a wig line", "a satin bonnet", "an edge balm"),
    "count": ("14", "25", "40", "60"),
}
