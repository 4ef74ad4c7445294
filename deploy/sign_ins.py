"""Measures sign-ins from outside; see bench-sign-in.sh."""

import http.client
import json
import math
import random
import statistics
import sys
import threading
import time
from urllib.parse import urlsplit

PASSWORD = "measured-from-outside"


class Client:
    """One connection that is kept open."""

    def __init__(self, url):
        self.connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
        self.token = None

    def ask(self, method, path, body=None):
        headers = {"content-type": "application/json"}
        if self.token:
            headers["authorization"] = f"Bearer {self.token}"
        self.connection.request(method, f"/api/v1{path}", body and json.dumps(body), headers)
        response = self.connection.getresponse()
        return response.status, response.read()

    def sign_up(self, email):
        self.ask("POST", "/users", {"email": email, "name": "Measured", "password": PASSWORD})
        status, body = self.ask("POST", "/sessions", {"email": email, "password": PASSWORD})
        assert status == 200, body
        self.token = json.loads(body)["access_token"]


def timed(work):
    start = time.perf_counter()
    result = work()
    return (time.perf_counter() - start) * 1_000, result


def timing(url, attempts):
    """Wrong passwords for known and unknown addresses in random order; Welch's t-test of the two means."""
    client = Client(url)
    for number in range(20):
        client.sign_up(f"known{number}@example.com")
    client.token = None
    samples = {"known": [], "unknown": []}
    kinds = ["known", "unknown"] * attempts
    random.Random(1).shuffle(kinds)
    for number, kind in enumerate(kinds):
        guess = {"email": f"{kind}{number % 20}@example.com", "password": "not-the-password"}
        milliseconds, (status, body) = timed(lambda: client.ask("POST", "/sessions", guess))
        assert status == 401, body
        samples[kind].append(milliseconds)
    for kind, times in samples.items():
        print(f"sign-in refused, {kind} address: mean {statistics.mean(times):.2f} ms, median {statistics.median(times):.2f} ms, "
              f"standard deviation {statistics.stdev(times):.2f} ms, {len(times)} attempts")
    known, unknown = samples["known"], samples["unknown"]
    error = math.sqrt(statistics.variance(known) / len(known) + statistics.variance(unknown) / len(unknown))
    t = (statistics.mean(known) - statistics.mean(unknown)) / error
    # With hundreds of attempts Student's distribution is the normal one.
    p = math.erfc(abs(t) / math.sqrt(2))
    difference = bootstrap(known, unknown)
    print(f"Welch's t = {t:.2f}, p = {p:.2f}; difference of the medians {difference[0]:.2f} ms, "
          f"95 % between {difference[1]:.2f} and {difference[2]:.2f} ms (bootstrap)")


def bootstrap(one, other, rounds=2_000):
    draw = random.Random(2)
    median = lambda times: statistics.median(draw.choices(times, k=len(times)))
    differences = sorted(median(one) - median(other) for _ in range(rounds))
    real = statistics.median(one) - statistics.median(other)
    return real, differences[int(rounds * 0.025)], differences[int(rounds * 0.975)]


def flood(url, seconds):
    """A user's requests, alone and while one address tries 2,000 passwords a minute."""
    user = Client(url)
    user.sign_up("user@example.com")
    report("alone", user, seconds)
    stop, statuses = threading.Event(), []
    attackers = [threading.Thread(target=attack, args=(url, stop, statuses, number)) for number in range(10)]
    for attacker in attackers:
        attacker.start()
    report("during 2,000 attempts a minute", user, seconds)
    stop.set()
    for attacker in attackers:
        attacker.join()
    counts = {status: statuses.count(status) for status in sorted(set(statuses))}
    print(f"attempts in {seconds} s: {len(statuses)}, answered {counts}")


def attack(url, stop, statuses, number):
    client = Client(url)
    due = time.monotonic() + number * 0.03
    while not stop.is_set():
        time.sleep(max(0, due - time.monotonic()))
        due += 0.3
        guess = {"email": f"victim{len(statuses) % 50}@example.com", "password": "not-the-password"}
        statuses.append(client.ask("POST", "/sessions", guess)[0])


def report(name, user, seconds):
    times, end = [], time.monotonic() + seconds
    while time.monotonic() < end:
        milliseconds, (status, body) = timed(lambda: user.ask("GET", "/customers"))
        assert status == 200, body
        times.append(milliseconds)
        time.sleep(0.005)
    cuts = statistics.quantiles(times, n=100)
    print(f"a user's requests {name}: p50 {cuts[49]:.2f} ms, p99 {cuts[98]:.2f} ms, {len(times)} requests")


if __name__ == "__main__":
    {"timing": timing, "flood": flood}[sys.argv[1]](sys.argv[2], int(sys.argv[3]))
