#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The host that a probe tries to reach: services that hold the token and a victim process.

usage: host.py <token> <directory>

Serves TCP and UDP on every address, unix sockets (abstract, in <directory>/outside, in
<directory>/readonly, in /tmp, in <directory>/home/project), System V and POSIX objects.
Everyone who reaches a service is sent the token; a stream client of the last socket is
sent a descriptor of <directory>/outside as well.

Prints one line of JSON: the facts for the probe. At end of file on stdin it removes what
it made and prints a second line: what it noticed ({"contacts": [...], "signals": n}).
"""

import array
import ctypes
import json
import os
import signal
import socket
import sys
import tempfile
import threading

TOKEN, DIRECTORY = sys.argv[1].encode(), sys.argv[2]
libc = ctypes.CDLL(None, use_errno=True)
contacts, signals = [], []
cleanup = []


def serve_stream(listener, name, descriptor=None):
    def loop():
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            contacts.append(name)
            try:
                if descriptor is None:
                    client.sendall(TOKEN)
                else:
                    rights = array.array("i", [descriptor])
                    client.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])
            except OSError:
                pass
            client.close()

    listener.listen(16)
    threading.Thread(target=loop, daemon=True).start()


def serve_datagrams(receiver, name):
    def loop():
        while True:
            try:
                _, sender = receiver.recvfrom(2048)
            except OSError:
                return
            contacts.append(name)
            try:
                if sender:
                    receiver.sendto(TOKEN, sender)
            except OSError:
                pass

    threading.Thread(target=loop, daemon=True).start()


def everywhere(kind):
    """A socket on all IPv4 and IPv6 addresses."""
    made = socket.socket(socket.AF_INET6, kind)
    made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    made.bind(("::", 0))
    return made


def own_address():
    """The address of this host that faces the world, or None. Connecting UDP sends nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return None
        address = probe.getsockname()[0]
        return None if address.startswith("127.") else address


def unix(path, name, descriptor=None):
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(path)
    if not path.startswith("\0"):
        os.chmod(path, 0o777)
        cleanup.append(lambda: os.unlink(path))
    serve_stream(listener, name, descriptor)
    return path


def system_v(key):
    shared = libc.shmget(key, 4096, 0o1666)
    libc.shmat.restype = ctypes.c_void_p
    libc.shmat.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_int]
    memory = libc.shmat(shared, None, 0)
    ctypes.memmove(memory, TOKEN, len(TOKEN))
    semaphore, queue = libc.semget(key, 1, 0o1666), libc.msgget(key, 0o1666)
    cleanup.append(lambda: libc.shmctl(shared, 0, None))
    cleanup.append(lambda: libc.semctl(semaphore, 0, 0))
    cleanup.append(lambda: libc.msgctl(queue, 0, None))


def message_queue(name):
    """Returns the name, or None where the kernel has no message queues."""
    queue = libc.mq_open(name.encode(), os.O_RDWR | os.O_CREAT, 0o666, None)
    if queue < 0:
        return None
    cleanup.append(lambda: libc.mq_unlink(name.encode()))
    return name


def shared_file(name):
    path = "/dev/shm/" + name
    with open(path, "wb") as file:
        file.write(TOKEN)
    cleanup.append(lambda: os.unlink(path))
    return "/" + name


def main():
    unique = f"dune-escape-{os.getpid()}"
    signal.signal(signal.SIGURG, lambda number, _: signals.append(number))
    tcp, udp = everywhere(socket.SOCK_STREAM), everywhere(socket.SOCK_DGRAM)
    serve_stream(tcp, "tcp")
    serve_datagrams(udp, "udp")
    outside = os.open(DIRECTORY + "/outside", os.O_RDONLY)
    key = 0x44550000 | (os.getpid() & 0xFFFF)
    system_v(key)
    facts = {
        "victim": os.getpid(),
        "tcp": tcp.getsockname()[1],
        "udp": udp.getsockname()[1],
        "address": own_address(),
        "abstract": unix("\0" + unique, "abstract")[1:],
        "socket": unix(DIRECTORY + "/outside/service", "socket"),
        "tmpsocket": unix(f"{tempfile.gettempdir()}/{unique}", "tmpsocket"),
        "readonlysocket": unix(DIRECTORY + "/readonly/service", "readonlysocket"),
        "ipckey": hex(key),
        "mqueue": message_queue("/" + unique),
        "shm": shared_file(unique),
    }
    unix(DIRECTORY + "/home/project/service", "workdirsocket", outside)
    facts["workdirsocket"] = "service"
    print(json.dumps({name: str(value) for name, value in facts.items() if value is not None}), flush=True)
    sys.stdin.read()
    for undo in reversed(cleanup):
        try:
            undo()
        except OSError:
            pass
    print(json.dumps({"contacts": sorted(set(contacts)), "signals": len(signals)}), flush=True)
    os._exit(0)


main()
