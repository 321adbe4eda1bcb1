"""Three lines onto a chain that exists: import, wrap, and say who asks."""

from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from offline import chat_model, parsed, somebody

model = chat_model(parsed("A chain that exists.").model)
prompt = ChatPromptTemplate.from_messages([("system", "You are Tay."), ("human", "{query}")])
chain = prompt | model | StrOutputParser()  # what is there today

from tay_middleware import EscalationStep  # noqa: E402 - the first line

tay = EscalationStep(bound=chain, input_key="query")  # the second
question = {"query": "Can you review my pricing structure and tell me what's wrong with it?"}
print(tay.invoke(question, {"configurable": {"user_id": somebody()}}))  # the third: who asks

tay.close()
