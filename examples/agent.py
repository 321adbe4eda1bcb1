"""An agent with a tool and a checkpointer; the addition comes as the last token of its answer."""

from typing import Any

from langchain.agents import create_agent
from langchain_core.messages import AIMessageChunk
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.memory import InMemorySaver
from offline import chat_model, parsed, somebody

from tay_middleware import EscalationAgentMiddleware


def look_up(topic: str) -> str:
    """Look up what Tay has said about a topic."""
    return f"Tay on {topic}: know your hour before you price anything."


tay = EscalationAgentMiddleware()
agent = create_agent(
    chat_model(parsed("An agent.").model),
    tools=[look_up],
    middleware=[tay],  # the last one, so that it wraps the model that is really asked
    checkpointer=InMemorySaver(),
)

thread: RunnableConfig = {"configurable": {"thread_id": "monday", "user_id": somebody()}}
question: Any = {
    "messages": [("user", "Can you review my pricing structure and tell me what's wrong with it?")]
}
for token, _where in agent.stream(question, thread, stream_mode="messages"):
    if isinstance(token, AIMessageChunk):
        print(token.text, end="", flush=True)

kept = agent.get_state(thread).values["messages"][-1]
print(f"\n\nkept in the thread, addition and all: {len(kept.text)} characters")
why = kept.response_metadata.get("tay")  # absent where something of ours broke: no decision then
print(f"why: {why['reason'] if why else 'no decision, the reply is the model alone'}")
tay.close()
