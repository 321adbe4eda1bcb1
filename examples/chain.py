"""A plain chain: prompt, model, parser, with the step around the model."""

from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnableConfig
from offline import chat_model, parsed, somebody

from tay_middleware import EscalationStep

model = chat_model(parsed("A plain chain.").model)
prompt = ChatPromptTemplate.from_messages([("system", "You are Tay."), ("human", "{question}")])

tay = EscalationStep(bound=model)
chain = prompt | tay | StrOutputParser()

person: RunnableConfig = {
    "configurable": {"user_id": somebody(), "session_id": "monday", "tier": "premium"}
}
for question in (
    "how do i pluck a hairline?",
    "Can you review my pricing structure and tell me what's wrong with it?",
):
    print(f"> {question}")
    for piece in chain.stream({"question": question}, person):
        print(piece, end="", flush=True)
    print("\n")
tay.close()
