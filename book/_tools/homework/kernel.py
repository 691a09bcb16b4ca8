"""A student's kernel: it starts inside the sandbox, runs cells, and is asked for answers."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from queue import Empty
from subprocess import DEVNULL
from typing import Any

import nbformat
import zmq.asyncio
from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from nbclient import NotebookClient
from nbclient.exceptions import DeadKernelError
from nbclient.util import run_sync

from . import plain, sandbox

ANSWER = "application/vnd.softmax-book.answer"
# What a page may show of an output: text, and pictures that are pictures. HTML and SVG can carry
# scripts, and would run them in the browser of whoever grades.
SHOWN = ("text/plain", "text/latex", "image/png")
LARGEST_MESSAGE = 6_000_000  # bytes; a longer one is dropped unread
MESSAGES = 50  # of one socket, that wait to be read
FRAME = 400  # characters, what a page needs around one output
CUT = "\n[the rest of this output is left out]\n"

QUESTION = """\
def _():
    import sys
    space = {{"__name__": "answering"}}
    exec({source!r}, space)
    shell = sys.modules["IPython"].get_ipython()
    answer = space["reply"](shell.user_ns, {question!r})
    shell.display_pub.publish({{{mime!r}: answer}})
_()
del _
"""


class KernelLost(BaseException):
    """The kernel is gone, or deaf: the submission's status, and why."""

    def __init__(self, status: str, why: str) -> None:
        super().__init__(f"{status}: {why}")
        self.status, self.why = status, why


class AnswerError(Exception):
    """An exception in the student's function, of a type that is not built in."""


class Slow(Exception):  # noqa: N818 - it reads as what happened
    """An answer that did not come in time; the kernel goes on."""


class OneSandbox(KernelSpecManager):
    """Offers the kernel of this interpreter, inside the walls."""

    def __init__(self, command: list[str]) -> None:
        super().__init__()
        self._command = command

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """Return the sandboxed kernel, whatever name is asked for."""
        # A signal would reach the wall, not the kernel behind it: interrupts are messages.
        return KernelSpec(argv=self._command, display_name="Python 3", language="python",
                          interrupt_mode="message")  # fmt: skip


class BoundedManager(AsyncKernelManager):
    """Connects its clients through its own context, which drops messages that are too large."""

    folder: Path | None = None  # where the way into the sandbox is to be
    inside: int | None = None  # the process id of the sandbox

    async def start_kernel(self, **kwargs: Any) -> None:
        """Start the kernel, and find the way to its sockets."""
        await super().start_kernel(**kwargs)
        if self.folder:
            self.inside = sandbox.reach_in(self.provisioner.process.pid, self.folder)

    def client(self, **kwargs: Any) -> Any:
        """Return a client for the kernel."""
        return super().client(context=self.context, **kwargs)


class BoundedClient(NotebookClient):
    """Runs cells and keeps of their outputs what a page can bear to show."""

    def __init__(self, *args: Any, limits: sandbox.Limits, **kwargs: Any) -> None:
        super().__init__(*args, on_cell_executed=self._note, **kwargs)
        self.limits = limits
        self.answer: str | None = None
        self.failed = False
        self.finished = True
        self._looking: asyncio.Future | None = None
        self._text = 0
        self._all_text = limits.all_output
        self._pictures = limits.pictures

    def begin(self, seconds: float) -> None:
        """Make ready for a cell that may take so long."""
        self.timeout = seconds
        self.answer = None
        self.failed = False
        self.finished = False
        self._text = min(self.limits.output, self._all_text)

    def _note(self, execute_reply: dict, **_: Any) -> None:
        self.failed = execute_reply["content"]["status"] == "error"
        if self._looking:
            self._looking.cancel()

    async def _async_handle_timeout(self, *args: Any) -> Any:
        # Having interrupted a kernel, nbclient no longer looks whether it lives.
        self._looking = asyncio.ensure_future(self._async_poll_kernel_alive())
        return await super()._async_handle_timeout(*args)

    async def _async_check_alive(self) -> None:
        if self.kc is None:  # looked after once more, when all is over
            raise DeadKernelError("the kernel is gone")
        await super()._async_check_alive()

    async def _async_hears(self) -> bool:
        """Tell whether what the kernel sends still arrives, having read all that it sent before.

        The end of a cell that shows thousands of things may be late, or dropped on the way. After
        a message too large to be read nothing comes any more.
        """
        question = self.kc.kernel_info()
        with contextlib.suppress(Empty):
            while True:
                message = await self.kc.get_iopub_msg(timeout=self.limits.grace)
                if message["parent_header"].get("msg_id") == question:
                    return True
        return False

    hears = run_sync(_async_hears)

    def process_message(self, msg: dict, cell: Any, cell_index: int) -> Any:
        """Pass a message on, shortened, and with nothing in it but what is looked for here.

        A kernel in strange hands can send anything. In particular `transient` would let a later
        output replace that of an earlier cell, and so carry a hidden test's numbers to the page.
        """
        content = self._checked(msg["msg_type"], msg["content"])
        if content is None:
            return None
        return super().process_message({**msg, "content": content}, cell, cell_index)

    def _checked(self, kind: str, content: dict) -> dict | None:
        if kind == "status":
            self.finished = content["execution_state"] == "idle"
            return {"execution_state": content["execution_state"]}
        if kind == "clear_output":
            return {"wait": bool(content.get("wait"))}
        if kind == "execute_input":
            return {}
        if kind == "stream":
            text = self._shorten(content["text"])
            name = "stderr" if content.get("name") == "stderr" else "stdout"
            return {"name": name, "text": text} if text else None
        if kind == "error":
            return {
                "ename": str(content["ename"])[:100],
                "evalue": self._shorten(content["evalue"]),
                "traceback": [self._shorten("\n".join(content["traceback"]))],
            }
        if kind in ("display_data", "execute_result"):
            if answer := content["data"].get(ANSWER):
                self.answer = answer
                return None
            if data := self._showable(content["data"]):
                number = {"execution_count": None} if kind == "execute_result" else {}
                return {"data": data, "metadata": {}, **number}
        return None

    def _shorten(self, text: str) -> str:
        if not isinstance(text, str):
            return ""
        kept = text[: max(self._text, 0)]
        if len(text) > self._text > 0:
            kept += CUT
        self._spend(len(text))
        return kept

    def _spend(self, characters: int) -> None:
        self._text -= characters
        self._all_text -= characters

    def _showable(self, data: dict) -> dict:
        self._spend(FRAME)
        kept = {mime: self._shorten(data[mime]) for mime in SHOWN[:2] if mime in data}
        picture = _png(data.get("image/png"))
        if picture and len(picture) <= self._pictures:
            self._pictures -= len(picture)
            kept["image/png"] = picture
        return {mime: value for mime, value in kept.items() if value}


def _png(encoded: Any) -> str:
    """Return a picture's text in its one honest form, or nothing: it goes into a page as it is."""
    try:
        content = base64.b64decode("".join(encoded.split()), validate=True)
    except (AttributeError, ValueError):
        return ""
    return base64.b64encode(content).decode() if content.startswith(b"\x89PNG\r\n\x1a\n") else ""


class StudentKernel:
    """A running kernel. Make one with `student_kernel`."""

    def __init__(self, client: BoundedClient, guard: sandbox.Guard) -> None:
        self._client, self._guard = client, guard
        self._slow: set[str] = set()

    def run(self, cell: nbformat.NotebookNode) -> None:
        """Run one code cell; its outputs go into the cell."""
        seconds = self._client.limits.cell_seconds
        if self._execute(cell, seconds, store_history=True):
            raise KernelLost("timed out", f"a cell ran for more than {seconds:.0f} s")

    def ask(self, name: str, call: tuple[tuple, dict] | None = None) -> Any:
        """Return the value of a variable, or what a call of a function gave."""
        question = plain.to_text((name, call))
        source = Path(plain.__file__).read_text(encoding="utf-8")
        text = QUESTION.format(source=source, question=question, mime=ANSWER)
        seconds = self._client.limits.answer_seconds
        if name in self._slow or self._execute(nbformat.v4.new_code_cell(text), seconds):
            self._slow.add(name)
            raise Slow(f"{name} took longer than {seconds:.0f} s")
        try:
            answer = plain.from_text(self._client.answer or "")
            if answer[0] == "error":
                _, kind, message = map(str, answer)
            else:
                _, value = answer
                return value
        except (ValueError, TypeError, LookupError):
            raise AnswerError("the kernel gave no answer that can be read") from None
        if kind == "MemoryError":
            raise KernelLost("out of memory", f"{name} asked for more memory than there is")
        raise _as_exception(kind, message)

    def refuses(self, code: str) -> bool:
        """Tell whether the kernel reports an error for code that must fail."""
        cell = nbformat.v4.new_code_cell(code)
        self._execute(cell, self._client.limits.answer_seconds)
        return self._client.failed

    def _execute(
        self, cell: nbformat.NotebookNode, seconds: float, *, store_history: bool = False
    ) -> bool:
        """Run a cell and tell whether it had to be interrupted."""
        limits = self._client.limits
        self._client.begin(seconds)
        start = time.monotonic()
        # A kernel that does not heed the interrupt is ended by the guard.
        self._guard.expect(seconds + limits.grace + 1, f"a cell ran for more than {seconds:.0f} s")
        try:
            self._client.execute_cell(cell, 0, store_history=store_history)
            heard = self._client.finished or self._client.hears()
        except DeadKernelError as error:
            raise self._lost("its kernel died") from error
        except Exception as error:  # whatever a kernel in strange hands may send
            raise self._lost(f"its kernel spoke nonsense ({type(error).__name__})") from error
        finally:
            self._guard.expect(None)
        if not heard:
            raise self._lost("it printed more at once than can be read")
        return time.monotonic() - start >= seconds

    def _lost(self, why: str) -> KernelLost:
        return KernelLost(*(self._guard.verdict or ("failed to run", why)))


def _as_exception(kind: str, message: str) -> Exception:
    """Return the built-in exception of that name, so that a test may expect it."""
    found = getattr(__import__("builtins"), kind, None)
    if isinstance(found, type) and issubclass(found, Exception):
        with contextlib.suppress(TypeError):
            return found(message)
    return AnswerError(f"{kind}: {message}")


@contextlib.contextmanager
def student_kernel(limits: sandbox.Limits, *, unsafe: bool = False) -> Iterator[StudentKernel]:
    """Start a kernel inside the walls, and in the end stop all that it started."""
    # nbclient puts each cell that it ran into a notebook. No question may end up in the student's.
    aside = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell()])
    # A socket's path must be short, wherever the course lies.
    folder = Path(tempfile.mkdtemp(prefix="hw-", dir="/tmp"))
    connection = folder / "kernel.json"
    kernel = [sys.executable, "-m", "ipykernel_launcher", "-f", str(connection),
              "--IPKernelApp.log_level=50", "--HistoryManager.enabled=False"]  # fmt: skip
    context = zmq.asyncio.Context()
    context.setsockopt(zmq.MAXMSGSIZE, LARGEST_MESSAGE)
    context.setsockopt(zmq.RCVHWM, MESSAGES)
    manager = BoundedManager(
        kernel_spec_manager=OneSandbox(sandbox.wrap(kernel, folder, limits, unsafe=unsafe)),
        context=context, transport="ipc", ip=str(folder / "sockets" / "s"),
        connection_file=str(connection),
    )  # fmt: skip
    manager.folder = None if unsafe else folder
    client = BoundedClient(
        aside, km=manager, limits=limits, allow_errors=True, record_timing=False,
        interrupt_on_timeout=True, startup_timeout=60, iopub_timeout=limits.grace,
        shutdown_kernel="immediate", store_widget_state=False,
    )  # fmt: skip
    guard = None
    env = sandbox.environment(str(folder) if unsafe else sandbox.HOME)
    if unsafe:
        (folder / "sockets").mkdir()
    try:
        # A kernel manager that was passed in is otherwise left running.
        with client.setup_kernel(env=env, stdout=DEVNULL, stderr=DEVNULL, cleanup_kc=True):
            process = manager.provisioner.process
            guard = sandbox.Guard(process.pid, manager.inside, limits, process.kill)
            yield StudentKernel(client, guard)
    finally:
        if guard:
            guard.stop()
        context.destroy(linger=0)
        shutil.rmtree(folder, ignore_errors=True)
