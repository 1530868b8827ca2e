"""Holds the engine on its leash: starts the driver, gives it the time and answers what it asks from a fake API."""
import base64
import json
import os
import subprocess

from fake import Api, Request, Zone

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROVIDERS = os.path.join(ROOT, "providers")
VALUE = "w3Kd0qPzF7xY1nBvR5sT9uJ2mLhG4cA8eIoQ6tZkN_-"
OTHER = "Zz9oYp3iLm7dVb1xKf5cRw0tHq8eGs2uNj4aXl6vPyM"
FOREIGN = "somebody-elses-value"


def driver_binary():
    chosen = os.environ.get("PROVIDER_DRIVER")
    for path in [chosen] if chosen else [os.path.join(ROOT, b, "tests/providers/provider-driver") for b in ("build-asan", "build")]:
        if os.path.exists(path):
            return path
    raise RuntimeError("no provider-driver: ninja -C build tests/providers/provider-driver")


class Driver:
    def __init__(self):
        self.p = subprocess.Popen([driver_binary()], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8",
                                  env={**os.environ, "ASAN_OPTIONS": "detect_leaks=1:allocator_may_return_null=1"})

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.p.stdin.close()
        status = self.p.wait(timeout=60)
        self.p.stdout.close()
        if exc[0] is None:
            assert status == 0, "the driver ended with %d" % status

    def call(self, **command):
        self.p.stdin.write(json.dumps(command) + "\n")
        self.p.stdin.flush()
        line = self.p.stdout.readline()
        assert line, "the driver is gone"
        answer = json.loads(line)
        assert "bad" not in answer, answer
        return answer


class Failed(Exception):
    def __init__(self, error):
        super().__init__(error["text"])
        self.text, self.hint, self.code = error["text"], error["hint"], error["code"]


class Session:
    """One process's use of a provider. The clock only moves when the engine has nothing else to do."""
    turn = -1  # which of the open requests is answered: the last; 0: the first

    def __init__(self, api, env=None, clock=1750000000, intercept=None, folder=PROVIDERS, trace=False):
        self.api, self.intercept = api, intercept
        self.mono, self.wall = 5000000, clock
        self.slept = 0
        self.driver = Driver()
        self.call(now=[self.mono, self.wall])
        files = {k: v for k, v in api.files.items()}
        self.times = self.call(open={"code": api.code, "dir": folder, "env": {**api.env, **(env or {})}, "files": files, "trace": trace})["opened"]

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        try:
            if exc[0] is None:
                self.finish()
        finally:
            self.driver.__exit__(*exc)

    def call(self, **command):
        answer = self.driver.call(**command)
        if "error" in answer:
            if "open" in command:
                self.driver.__exit__(None)
            raise Failed(answer["error"])
        return answer

    def start(self, op, fqdn, value=VALUE, saved=None, domain=None):
        fqdn = self.api.real(fqdn)
        job = {"op": op, "fqdn": fqdn, "value": value, "domain": domain or fqdn.replace("_acme-challenge.", "", 1), "token": "token-of-it",
               "keyauth": "token-of-it.thumb", **({"saved": saved} if saved else {})}
        return self.call(start=job)["started"]

    def _http(self, action):
        r = Request(action, self.wall)
        given = self.intercept(r) if self.intercept else None
        given = given if given is not None else self.api.answer(r)
        if isinstance(given, dict):
            return {"id": action["id"], **given}
        status, body = given[0], given[1]
        headers = [list(h) for h in given[2]] if len(given) > 2 else []
        if isinstance(body, bytes):  # no UTF-8
            return {"id": action["id"], "status": status, "headers": headers or [["Content-Type", "application/json"]], "body64": base64.b64encode(body).decode()}
        text = body if isinstance(body, str) else "" if body is None else json.dumps(body, ensure_ascii=False)
        if not any(h[0].lower() == "content-type" for h in headers):
            headers.append(["Content-Type", "text/plain" if isinstance(body, str) else "application/json"])
        return {"id": action["id"], "status": status, "headers": headers, "body": text}

    def _zone(self, fqdn):
        best = ""
        for name in self.api.zones:
            if (fqdn == name or fqdn.endswith("." + name)) and len(name) > len(best):
                best = name
        return {"zone": best} if best else {"zone": "", "why": "NXDOMAIN"}

    def run(self, until=None, limit=4000):
        """Until the engine has nothing to do (or the job `until` has ended). The ends of jobs by their ids."""
        done, out = {}, []
        for _ in range(limit):
            a = self.call(now=[self.mono, self.wall], poll=True)
            if a["kind"] == "done":
                done[a["id"]] = a
                if a["id"] == until:
                    return done
            elif a["kind"] in ("http", "zone"):
                out.append(a)
            elif a["kind"] == "ended":
                return done
            elif out:  # all that could be sent is out: now the answers, the last first, as networks like to
                a = out.pop(self.turn)
                if a["kind"] == "http":
                    self.call(http=self._http(a))
                else:
                    self.call(zone={"id": a["id"], **self._zone(a["fqdn"])})
            elif a["until_ms"] < 0:
                return done
            else:
                self.slept += max(0, a["until_ms"] - self.mono)
                self.wall += max(0, a["until_ms"] - self.mono) // 1000
                self.mono = max(self.mono, a["until_ms"])
        raise AssertionError("the engine does not come to an end")

    def job(self, op, fqdn, value=VALUE, saved=None):
        """Starts one job and runs it; what it saved. Raises Failed."""
        id_ = self.start(op, fqdn, value, saved)
        end = self.run()[id_]
        if end["code"]:
            raise Failed(end)
        if op == "cleanup":
            self.api.later()
        return end["saved"]

    def finish(self):
        self.call(finish=True)
        return self.run()


def zones_of(*names):
    """Zones as they are before we come, with what other people put there."""
    return [Zone(n, [("A", "www." + n, "192.0.2.1"), ("MX", n, "mail." + n), ("TXT", n, "v=spf1 -all"), ("TXT", "_acme-challenge." + n, FOREIGN),
                     ("TXT", "other." + n, "untouched")]) for n in names]


def zones_with_one_value(*names):
    return [Zone(n, [("A", n, "192.0.2.1")]) for n in names]


def apis():
    """Every fake, from apis/*.py."""
    import importlib
    found = []
    folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "apis")
    for name in sorted(os.listdir(folder)):
        if name.endswith(".py") and not name.startswith("_"):
            module = importlib.import_module("apis." + name[:-3])
            for x in vars(module).values():
                if isinstance(x, type) and issubclass(x, Api) and x.code and x.__module__ == module.__name__:
                    found.append(x)
    return found
