"""What no script should do: the misdeed is named on the command line."""

import base64
import json
import os
import signal
import subprocess
import sys
import time
import urllib.parse


def main(misdeed, *arguments):
    line = sys.stdin.readline()
    params = json.loads(base64.b64decode(line))
    globals()[misdeed](params, *arguments)


def nothing(params):
    print("all is well")


def fork_bomb(params):
    while True:
        try:
            os.fork()
        except OSError:
            pass


def grandchild_keeps_the_pipe(params):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(600)
        os._exit(0)
    os.wait()
    print("done")


def daemon_without_pipes(params):
    if os.fork() == 0:
        os.setsid()
        nothing = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nothing, stream)
        if os.fork() == 0:
            time.sleep(600)
        os._exit(0)
    os.wait()


def daemon_with_a_strange_name(params):
    import ctypes

    if os.fork() == 0:
        os.setsid()
        ctypes.CDLL(None).prctl(15, b"\xff)\xfe S 1", 0, 0, 0)
        time.sleep(600)
    time.sleep(0.2)


def flood(params):
    while True:
        sys.stdout.write("flood " * 1000 + "\n")


def flood_stderr(params):
    while True:
        sys.stderr.write("flood " * 1000 + "\n")


def ignore_sigterm(params):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while True:
        time.sleep(1)


def sleep(params):
    time.sleep(600)


def compute(params):
    while True:
        pass


def hoard_memory(params):
    bytearray(2 << 30)


def write_outside(params, path):
    try:
        with open(path, "w") as file:
            file.write("outside")
        print("written")
    except OSError as error:
        print("not written:", error)
    with open("inside", "w") as file:
        file.write("inside")
    os.mkdir("kept")
    os.chmod("kept", 0)


def read_outside(params, path):
    try:
        with open(path) as file:
            print("read:", file.read())
    except OSError as error:
        print("not read:", error)


def connect(params, host, port):
    import socket

    try:
        socket.create_connection((host, int(port)), timeout=5).close()
        print("connected")
    except OSError as error:
        print("not connected:", error)


def print_secrets(params):
    secrets = [params["newPassword"], params["oldPassword"]]
    for record in json.loads(base64.b64decode(params["records"])):
        secrets += [value for key, value in record.items() if key in ("password", "client_secret")]
    for secret in secrets:
        encoded = base64.b64encode(secret.encode()).decode()
        print(secret, encoded, urllib.parse.quote(secret, safe=""), json.dumps(secret))
        print("'" + secret.replace("'", "'\\''") + "'", file=sys.stderr)
        # In pieces, so that no write holds all of it.
        for character in secret:
            sys.stdout.write(character)
            sys.stdout.flush()
            time.sleep(0.001)
        print()
    print(params)


def print_line(params):
    print(base64.b64encode(json.dumps(params).encode()).decode())


def half_an_answer(params):
    print("on the way")
    print('{"updates": [{"label": "client_secret", "type": "secret", "value": "half-of-a-secret-that-nobody-knows')


def fail_and_exit_0(params):
    print("ERROR: could not log in", file=sys.stderr)


def garbage(params):
    sys.stdout.buffer.write(bytes(range(256)) * 100)
    sys.stderr.buffer.write(b"\xff\xfe\x00\x1b[2J" * 10)


def crash(params):
    raise RuntimeError("no route to " + params["newPassword"])


def killed(params):
    os.kill(os.getpid(), signal.SIGSEGV)


def started_in(params):
    print("cwd", os.path.basename(os.getcwd()).split("-")[0], "files", len(os.listdir(".")))
    print("variables", " ".join(sorted(os.environ)))
    print("session", os.getsid(0) == os.getpid())


main(*sys.argv[1:])
