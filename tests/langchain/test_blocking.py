"""Nothing of ours blocks an event loop: servers that forbid it (`langgraph dev`) raise there."""

import json
import subprocess
import sys
from pathlib import Path

SCENE = """
import asyncio, json, sys
from pathlib import Path

from langchain_core.messages import HumanMessage

from tay_middleware import EscalationChatModel, EscalationStep, load_settings
from tay_middleware.langchain import ScriptedChatModel

BLOCKING = {"open", "sqlite3.connect", "time.sleep", "os.listdir", "os.scandir", "subprocess.Popen"}
blocked = []

def imports(frame):
    while frame is not None:
        if "importlib" in frame.f_code.co_filename:
            return True
        frame = frame.f_back
    return False

def forbid(event, args):
    if event in BLOCKING and asyncio._get_running_loop() and not imports(sys._getframe(1)):
        blocked.append(f"{event} {args[0]}")
        raise RuntimeError(blocked[-1])

settings = load_settings(
    home=Path(sys.argv[1]), encoder="off", grace_seconds=10, recall_timeout_seconds=10
)
step = EscalationStep(bound=ScriptedChatModel(), settings=settings)
model = EscalationChatModel(bound=ScriptedChatModel(), escalator=step.escalator)
sys.addaudithook(forbid)
NEED = "Can you review my pricing structure and tell me what's wrong?"

async def main():
    for number, surface in enumerate((step, model)):
        who = {"configurable": {"user_id": f"u{number}", "session_id": "s"}}
        yield (await surface.ainvoke(NEED, who)).response_metadata.get("tay", {}).get("shown")
        async for chunk in surface.astream([HumanMessage("how do i pluck a hairline")], who):
            pass
        stopped = surface.astream("what about my wefts", who)
        await anext(stopped)
        await stopped.aclose()

async def shown():
    return [one async for one in main()]

told = asyncio.run(shown())
written = step.flush()
print(json.dumps({"shown": told, "written": written, "blocked": blocked,
                  "degraded": dict(step.escalator.degraded_counts)}))
"""


def test_no_surface_opens_a_file_or_sleeps_on_an_event_loop(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-c", SCENE, str(tmp_path)], capture_output=True, text=True, check=True
    )
    told = json.loads(run.stdout)
    assert told == {"shown": [True, True], "written": True, "blocked": [], "degraded": {}}
