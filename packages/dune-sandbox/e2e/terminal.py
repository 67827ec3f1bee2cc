#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A terminal for one command.

usage: terminal.py <rows> <columns> <command> [<argument>...]

The command gets a new pseudo-terminal as its controlling terminal. What it prints goes to
stdout as it is. Lines of JSON on stdin act on the terminal: {"type": text} as from the
keyboard, {"resize": [rows, columns]}. The last line on stderr is {"status": n}, as a shell
would say it. "@terminal@" and "@terminaldev@" in arguments become the terminal's path and
the number of the file system it lies on.
"""

import fcntl
import json
import os
import pty
import select
import struct
import sys
import termios


def resize(terminal, rows, columns):
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def start(command, rows, columns):
    pid, terminal = pty.fork()
    if pid == 0:
        resize(0, rows, columns)
        path = os.ttyname(0)
        words = {"@terminal@": path, "@terminaldev@": str(os.stat(path).st_dev)}
        for word, value in words.items():
            command = [argument.replace(word, value) for argument in command]
        os.execvp(command[0], command)
    return pid, terminal


def act(terminal, line):
    order = json.loads(line)
    if "type" in order:
        os.write(terminal, order["type"].encode())
    if "resize" in order:
        resize(terminal, *order["resize"])


def converse(terminal):
    pending, keyboard = b"", [0]
    while True:
        ready, _, _ = select.select([terminal, *keyboard], [], [])
        if terminal in ready:
            try:
                printed = os.read(terminal, 65536)
            except OSError:
                printed = b""
            if not printed:
                return
            os.write(1, printed)
        if 0 in ready:
            received = os.read(0, 65536)
            if not received:
                keyboard = []
            *lines, pending = (pending + received).split(b"\n")
            for line in lines:
                act(terminal, line)


def main():
    pid, terminal = start(sys.argv[3:], int(sys.argv[1]), int(sys.argv[2]))
    converse(terminal)
    _, status = os.waitpid(pid, 0)
    code = os.waitstatus_to_exitcode(status)
    print(json.dumps({"status": code if code >= 0 else 128 - code}), file=sys.stderr, flush=True)


main()
