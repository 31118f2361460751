"""`python audited_server.py FILE ...` is `python -m serving.server ...` that writes what it opens.

Each path that Python opens, lists or loads a library from becomes a line of FILE.
"""

import os
import runpy
import sys

EVENTS = {"open", "os.listdir", "os.scandir", "os.chdir", "ctypes.dlopen", "subprocess.Popen"}


def main() -> None:
    """Run the server; its arguments are those after the first."""
    log = os.open(sys.argv.pop(1), os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def record(event: str, arguments: tuple[object, ...]) -> None:
        if event in EVENTS and not isinstance(arguments[0], int):
            os.write(log, ascii(arguments[0]).encode() + b"\n")

    sys.addaudithook(record)
    sys.path[0] = os.getcwd()  # as -m has it
    runpy.run_module("serving.server", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
