#!/usr/bin/env python3
"""Worlds that imitate real network paths: NTP exchanges with known truth, in the format that `ffntp replay` reads.

    worlds.py NAME SEED > trace      write a trace; the same name and seed give the same trace
    worlds.py --gauge NAME SEED      write true Tf and the part of the error, in us, that no exchange reveals
    worlds.py --list                 name the worlds

README.md describes what each world imitates. A delay is a floor plus a draw from a law (all in us). It needs no module but Python's own, and
shares no code with sim/.
"""
import math
import random
import sys
from bisect import bisect_left

EPOCH_NS = 1_800_000_000_000_000_000 - 1_800_000_000_000_000_000 % 86_400_000_000_000
COUNTER_START = 1_000_000_000_000
TICK_S = 1e-9  # the counter's nominal frequency is 1 GHz


# --- laws of the delay above the floor, in us: draw() returns a delay, pdf() the density, reach is the largest delay that matters ---

class Exponential:
    def __init__(self, mean):
        self.mean, self.reach = mean, 16 * mean

    def draw(self, rng):
        return rng.expovariate(1 / self.mean)

    def pdf(self, x):
        return math.exp(-x / self.mean) / self.mean


class Gamma:
    def __init__(self, shape, mean):
        self.shape, self.scale = shape, mean / shape
        self.reach = mean + self.scale * (14 + 6 * math.sqrt(shape))
        self.log_norm = math.lgamma(shape) + shape * math.log(self.scale)

    def draw(self, rng):
        return rng.gammavariate(self.shape, self.scale)

    def pdf(self, x):
        if x <= 0:
            return 0.0
        return math.exp((self.shape - 1) * math.log(x) - x / self.scale - self.log_norm)


class Normal:
    """A normal distribution, cut `ends` standard deviations below its mean: the cut is the floor."""

    def __init__(self, sd, ends=3.0):
        self.sd, self.ends, self.reach = sd, ends, sd * (ends + 6)
        self.norm = 1 / (sd * math.sqrt(2 * math.pi) * 0.5 * math.erfc(-ends / math.sqrt(2)))

    def draw(self, rng):
        while True:
            z = rng.gauss(0, 1)
            if z > -self.ends:
                return self.sd * (z + self.ends)

    def pdf(self, x):
        z = x / self.sd - self.ends
        return self.norm * math.exp(-z * z / 2)


class Triangular:
    def __init__(self, top, peak):
        self.top, self.peak, self.reach = top, peak, top

    def draw(self, rng):
        return rng.triangular(0, self.top, self.peak)

    def pdf(self, x):
        if x > self.top:
            return 0.0
        return 2 * x / (self.top * self.peak) if x < self.peak else 2 * (self.top - x) / (self.top * (self.top - self.peak))


class Uniform:
    def __init__(self, width):
        self.width, self.reach = width, width

    def draw(self, rng):
        return rng.uniform(0, self.width)

    def pdf(self, x):
        return 1 / self.width if x <= self.width else 0.0


class Lognormal:
    def __init__(self, median, sigma):
        self.mu, self.sigma, self.reach = math.log(median), sigma, median * math.exp(5 * sigma)

    def draw(self, rng):
        return rng.lognormvariate(self.mu, self.sigma)

    def pdf(self, x):
        if x <= 0:
            return 0.0
        z = (math.log(x) - self.mu) / self.sigma
        return math.exp(-z * z / 2) / (x * self.sigma * math.sqrt(2 * math.pi))


class Weibull:
    def __init__(self, shape, scale):
        self.shape, self.scale, self.reach = shape, scale, scale * 16 ** (1 / shape)

    def draw(self, rng):
        return rng.weibullvariate(self.scale, self.shape)

    def pdf(self, x):
        if x <= 0:
            return 0.0 if self.shape > 1 else self.shape / self.scale
        r = x / self.scale
        return self.shape / self.scale * r ** (self.shape - 1) * math.exp(-(r ** self.shape))

class Mixture:
    """A mixture of parts (share, further us, law): each packet takes one part at random."""

    def __init__(self, *parts):
        total = sum(share for share, _, _ in parts)
        self.parts = [(share / total, further, law) for share, further, law in parts]
        self.reach = max(further + law.reach for _, further, law in self.parts)

    def draw(self, rng):
        u = rng.random()
        for share, further, law in self.parts:
            u -= share
            if u < 0:
                break
        return further + law.draw(rng)

    def pdf(self, x):
        return sum(share * law.pdf(x - further) for share, further, law in self.parts if x >= further)


def slots(frame, shares, law):
    """Return the law of a packet that leaves in the first, second, ... frame, with these shares, and is then delayed by `law`."""
    return Mixture(*((share, i * frame, law) for i, share in enumerate(shares)))


class Quantiles:
    """The inverse distribution function of a law, tabulated. Correlated delays are drawn through it."""
    CELLS = 20000

    def __init__(self, law):
        self.step = law.reach / self.CELLS
        self.sums = [0.0]
        before = law.pdf(0.0)
        for i in range(1, self.CELLS + 1):
            after = law.pdf(i * self.step)
            self.sums.append(self.sums[-1] + (before + after) / 2)
            before = after
        total = self.sums[-1]
        self.sums = [s / total for s in self.sums]

    def at(self, u):
        i = min(max(bisect_left(self.sums, u), 1), self.CELLS)
        low, high = self.sums[i - 1], self.sums[i]
        return (i - 1 + ((u - low) / (high - low) if high > low else 0.5)) * self.step


# --- worlds ---

class World:
    """The parameters of one world. Delays are in us. `up` is the way to the server, `down` the way back.

    why          the subject that the world imitates, in one line
    up, down     laws of the delay above the floor
    floor        least delay each way
    q            standard deviation that the skew gains in a second (random walk)
    poll, hours  poll interval in s, length
    level        correlation of a delay with the delay of the poll before it, each way (first order, normal scores)
    busy         (mean s quiet, mean s busy, up, down): the laws of both ways while the path is busy
    drift        parts (share up, share down, "sine" | "walk", us, hours): the floors move by `us` within `hours`
    turns        (mean s between turns, (least, most ppm), (least, most s)): the skew ramps to a different value
    sine         (ppm, period in s): the temperature's effect on the skew
    loss         share of the exchanges that are lost, independently
    gaps         (mean s between gaps, (least, most s)): no exchange completes during a gap
    tick_us      the server rounds its stamps down to multiples of this
    residence_us (least, most): Te - Tb
    events       ("route", from, until, us up, us down), ("fault", from, until, us), ("frequency", from, ppm);
                 from and until are shares of the trace's length
    """

    def __init__(self, why, up, down, floor=(5000, 5000), q=1e-9, poll=16, hours=24.0, level=(0.0, 0.0), busy=None,
                 drift=(), turns=None, sine=None, loss=0.0, gaps=None, tick_us=1.0, residence_us=(20, 60), events=()):
        self.why, self.up, self.down, self.floor, self.q, self.poll, self.hours = why, up, down, floor, q, poll, hours
        self.level, self.busy, self.drift, self.turns, self.sine, self.loss = level, busy, drift, turns, sine, loss
        self.gaps, self.tick_us, self.residence_us, self.events = gaps, tick_us, residence_us, events

    def stationary(self):
        return not (self.drift or self.turns or self.sine or self.events)

    def kind(self):
        return "stationary" if self.stationary() else "event" if self.events else "drift"


class Floors:
    """Movement of the floors, each way, in us: slow() within hours, routes() by route changes."""

    def __init__(self, world, rng):
        self.world, self.seconds, self.parts = world, world.hours * 3600, []
        for up, down, form, us, hours in world.drift:
            if form == "sine":
                phase = rng.uniform(0, 2 * math.pi)
                self.parts.append((up, down, lambda t, us=us, h=hours, p=phase: us / 2 * (1 + math.sin(2 * math.pi * t / (3600 * h) + p))))
            else:
                self.parts.append((up, down, self.walk(us, hours, rng)))

    def walk(self, us, hours, rng):
        """Return a function of time that joins random levels in [0, us] by straight lines, `hours` apart on average."""
        points, t = [(0.0, rng.uniform(0, us))], 0.0
        while t <= self.seconds:
            t += 3600 * hours * rng.uniform(0.5, 1.5)
            points.append((t, rng.uniform(0, us)))

        def at(t):
            i = max(bisect_left(points, (t,)), 1)
            (t0, y0), (t1, y1) = points[i - 1], points[i]
            return y0 + (y1 - y0) * (t - t0) / (t1 - t0)
        return at

    def slow(self, t):
        ups = downs = 0.0
        for up, down, at in self.parts:
            us = at(t)
            ups, downs = ups + up * us, downs + down * us
        return ups, downs

    def routes(self, t):
        ups = downs = 0.0
        for event in self.world.events:
            if event[0] == "route" and event[1] <= t / self.seconds < event[2]:
                ups, downs = ups + event[3], downs + event[4]
        return ups, downs


class Oscillator:
    """theta in s: the counter's seconds minus true time. known() is the deterministic part, turned() the rate turns, advance() the
    random walk, which is exact at any step."""

    def __init__(self, world, rng):
        self.world, self.rng = world, rng
        self.skew, self.theta, self.at = rng.uniform(-25e-6, 25e-6), 0.0, 0.0
        self.ramps, self.phase, self.seconds = [], rng.uniform(0, 2 * math.pi), world.hours * 3600
        t = 0.0
        while world.turns:
            t += rng.expovariate(1 / world.turns[0])
            if t > self.seconds:
                break
            length = rng.uniform(*world.turns[2])
            self.ramps.append((t, length, rng.choice((-1, 1)) * rng.uniform(*world.turns[1]) * 1e-6))

    def known(self, t):
        theta = 0.0
        if self.world.sine:
            ppm, period = self.world.sine
            w = 2 * math.pi / period
            theta += ppm * 1e-6 / w * (math.cos(self.phase) - math.cos(w * t + self.phase))
        for event in self.world.events:
            if event[0] == "frequency":
                theta += event[2] * 1e-6 * max(t - event[1] * self.seconds, 0)
        return theta

    def turned(self, t):
        theta = 0.0
        for start, length, change in self.ramps:
            s = t - start
            if s > 0:
                theta += change * (s * s / (2 * length) if s < length else s - length / 2)
        return theta

    def advance(self, t):
        """Advance the random walk to true time t (s) and return its theta."""
        dt, q = t - self.at, self.world.q
        a, b = self.rng.gauss(0, 1), self.rng.gauss(0, 1)
        self.theta += self.skew * dt + q * math.sqrt(dt ** 3 / 3) * a
        self.skew += q * math.sqrt(dt) * (math.sqrt(3) / 2 * a + b / 2)
        self.at = t
        return self.theta


class Queues:
    """The delays above the floors."""

    def __init__(self, world, rng):
        self.world, self.rng = world, rng
        self.scores = [rng.gauss(0, 1), rng.gauss(0, 1)]
        self.quantiles = [Quantiles(law) if level else None for law, level in zip((world.up, world.down), world.level)]
        self.is_busy, self.until = False, 0.0
        if world.busy:
            self.until = rng.expovariate(1 / world.busy[0])

    def draw(self, t):
        world, rng, delays = self.world, self.rng, []
        while world.busy and t > self.until:
            self.is_busy = not self.is_busy
            self.until += rng.expovariate(1 / world.busy[1 if self.is_busy else 0])
        laws = world.busy[2:4] if self.is_busy else (world.up, world.down)
        for way in (0, 1):
            level = world.level[way]
            self.scores[way] = level * self.scores[way] + math.sqrt(1 - level * level) * rng.gauss(0, 1)
            if level:
                delays.append(self.quantiles[way].at(0.5 * math.erfc(-self.scores[way] / math.sqrt(2))))
            else:
                delays.append(laws[way].draw(rng))
        return delays


class Losses:
    def __init__(self, world, rng):
        self.world, self.rng = world, rng
        self.begin = self.end = 0.0
        self.next_gap(0.0)

    def next_gap(self, t):
        if self.world.gaps:
            self.begin = t + self.rng.expovariate(1 / self.world.gaps[0])
            self.end = self.begin + self.rng.uniform(*self.world.gaps[1])

    def takes(self, t):
        if self.world.gaps and t > self.end:
            self.next_gap(t)
        return self.rng.random() < self.world.loss or (self.world.gaps and self.begin <= t <= self.end)


class Exchange:
    __slots__ = ("ta", "tb", "te", "tf", "true_tf", "true_ta", "number", "floor_up", "floor_down", "gauge", "known", "fault", "up", "down")


def fault_us(world, t):
    return sum(e[3] for e in world.events if e[0] == "fault" and e[1] <= t / (world.hours * 3600) < e[2])


def exchanges(world, name, seed):
    """Yield each exchange with its truth. floor_up, floor_down: the floors at that time in us, less the server's rounding. gauge: the
    error in us of a clock that assumes equal floors; a route change does not move it. known: deterministic theta in s."""
    rngs = [random.Random(f"{name}/{seed}/{what}") for what in ("oscillator", "floors", "queues", "losses", "other")]
    oscillator, floors, queues, losses, rng = (Oscillator(world, rngs[0]), Floors(world, rngs[1]), Queues(world, rngs[2]),
                                               Losses(world, rngs[3]), rngs[4])
    tick_ns = max(int(world.tick_us * 1000), 1)
    for number in range(int(world.hours * 3600 / world.poll)):
        e = Exchange()
        t = (number + rng.uniform(0, 0.05)) * world.poll + 1.0
        slow, routes = floors.slow(t), floors.routes(t)
        above = queues.draw(t)
        residence = rng.uniform(*world.residence_us)
        e.up, e.down = above
        e.floor_up, e.floor_down = world.floor[0] + slow[0] + routes[0], world.floor[1] + slow[1] + routes[1]
        true_ta = int(t * 1e9)
        true_tb = true_ta + int((e.floor_up + above[0]) * 1000)
        true_te = true_tb + int(residence * 1000)
        true_tf = true_te + int((e.floor_down + above[1]) * 1000)
        theta = oscillator.advance(true_ta * 1e-9)
        rtt = (true_tf - true_ta) * 1e-9
        e.known = oscillator.known(true_tf * 1e-9)
        theta_a = theta + oscillator.turned(true_ta * 1e-9) + oscillator.known(true_ta * 1e-9)
        theta_f = theta + oscillator.skew * rtt + oscillator.turned(true_tf * 1e-9) + e.known
        if losses.takes(t):
            continue
        e.number = number
        e.fault = fault_us(world, t)
        e.ta, e.tf = COUNTER_START + true_ta + round(theta_a * 1e9), COUNTER_START + true_tf + round(theta_f * 1e9)
        stamps = [EPOCH_NS + ns + int(e.fault * 1000) for ns in (true_tb, true_te)]
        e.tb, e.te = (ns - ns % tick_ns for ns in stamps)
        e.true_tf, e.true_ta = EPOCH_NS + true_tf, EPOCH_NS + true_ta
        e.floor_up -= world.tick_us
        e.gauge = (world.floor[0] + slow[0] - world.tick_us - world.floor[1] - slow[1]) / 2
        yield e


def main(arguments):
    if arguments == ["--list"]:
        for name, world in WORLDS.items():
            print(f"{name:24s} {world.kind():10s} poll {world.poll:3d} s, {world.hours:g} h: {world.why}")
        return 0
    if len(arguments) == 3 and arguments[0] == "--gauge":
        name, seed, gauge = arguments[1], arguments[2], True
    elif len(arguments) == 2:
        name, seed, gauge = *arguments, False
    else:
        print(f"usage: {sys.argv[0]} NAME SEED > trace | --gauge NAME SEED | --list", file=sys.stderr)
        return 2
    if name not in WORLDS:
        print(f"{sys.argv[0]}: no world named {name}: see --list", file=sys.stderr)
        return 2
    out = []
    if not gauge:
        out.append(f"# {name}, seed {seed}: {WORLDS[name].why}")
        out.append("# Ta (counter, 1 GHz) Tb Te (server, ns) Tf (counter) true Tf, true Ta (ns)")
    for e in exchanges(WORLDS[name], name, seed):
        out.append(f"{e.true_tf} {e.gauge:.3f}" if gauge else f"{e.ta} {e.tb} {e.te} {e.tf} {e.true_tf} {e.true_ta}")
    try:
        print("\n".join(out))
        sys.stdout.flush()
    except BrokenPipeError:
        sys.stdout = None
    return 0


# --- the table ---

QUIET = Exponential(150)
HUMP = Triangular(6800, 5400)
GRANTS = Mixture((0.05, 0, Exponential(250)), (0.80, 3400, Gamma(2, 900)), (0.15, 7000, Lognormal(1500, 0.8)))
COMB_UP = slots(500, (0.16, 0.19, 0.18, 0.17, 0.15, 0.07, 0.04, 0.02, 0.01, 0.01), Normal(25, 3))
COMB_DOWN = Mixture((0.95, 0, slots(250, (0.3, 0.3, 0.25, 0.15), Gamma(3, 60))), (0.05, 5000, slots(250, (0.4, 0.3, 0.2, 0.1), Gamma(3, 60))))
BEAM = slots(125, (0.35, 0.05, 0.30, 0.05, 0.20, 0.05), Normal(12, 3))

WORLDS = {
    "exponential": World("control: queues of a single server, the law that the simulator has", Exponential(200), Exponential(200)),
    "normal": World("many small queues in a row, alike both ways", Normal(100), Normal(100)),
    "normal-unlike": World("many small queues in a row; the way back three times as noisy", Normal(30), Normal(100)),
    "normal-far": World("a long path of many small queues", Normal(100), Normal(300), floor=(18000, 17400)),
    "gamma-2-down": World("quiet uplink, wide downlink that is rarely near its floor", QUIET, Gamma(2, 3400), floor=(13000, 13900)),
    "gamma-3": World("three queues in a row, alike both ways", Gamma(3, 300), Gamma(3, 300)),
    "gamma-5-up": World("five queues up, one down", Gamma(5, 900), Exponential(120), floor=(9000, 8000)),
    "hump-down": World("a wide hump: the downlink's delays lie 1 to 6 ms above their floor", Normal(90, 2.5), HUMP, floor=(12800, 13700)),
    "uniform-down": World("the downlink waits for a cycle of 4 ms", Gamma(1.5, 250), Uniform(4000)),
    "lognormal": World("multiplicative noise both ways", Lognormal(250, 0.6), Lognormal(400, 0.5)),
    "weibull": World("thin lower tail up, thick down", Weibull(2.5, 500), Weibull(0.9, 150), floor=(7000, 7000)),
    "grants-up": World("an access line whose uplink is granted: 5 % fast, the rest 3.4 ms later", GRANTS, Exponential(300), floor=(9000, 9400)),
    "fast-mode-rare": World("2 % of the requests come 1 ms sooner than all others", Mixture((0.02, 0, Exponential(100)), (0.98, 1000, Exponential(100))), Exponential(100)),
    "slow-mode-single": World("now and then a single reply comes 1 ms later", Gamma(2.5, 240), Mixture((0.975, 0, Gamma(2.5, 240)), (0.025, 1000, Gamma(2, 200))), floor=(20000, 18900), q=2e-9),
    "slotted": World("an uplink in slots of 0.25 ms, one packet in ten a frame of 1 ms later", slots(1000, (0.9, 0.09, 0.01), Uniform(250)), slots(1000, (0.93, 0.07), Uniform(125))),
    "comb-cellular": World("mid-band cellular: combs of slots, 5 % repeated 5 ms later", COMB_UP, COMB_DOWN, floor=(4200, 3800)),
    "comb-beam": World("millimetre waves: a tight comb up, queues down", BEAM, Exponential(60), floor=(2600, 2400)),
    "spike-and-tail": World("most replies close to the floor, a few tens of ms later", Gamma(2, 2500), Mixture((0.6, 0, Exponential(120)), (0.4, 100, Lognormal(1800, 1.3))), floor=(10000, 9600)),
    "queue-level": World("the queue is still there at the next poll", Gamma(2, 300), Gamma(1.5, 300), level=(0.8, 0.6)),
    "busy-spells": World("quiet, but for busy spells of ten minutes", Gamma(2, 80), Gamma(2, 80), busy=(3600, 600, Gamma(3, 1500), Gamma(2, 4000))),
    "beat-1s": World("polls of 1 s that beat with a slotted link; replies missing in bunches", Gamma(3, 320), Triangular(6800, 4500), floor=(13200, 14100), q=6e-10,
                     poll=1, hours=1.5, level=(0.0, -0.3), loss=0.03, gaps=(32, (4.5, 11)), residence_us=(43, 63)),
    "sparse-64s": World("polls of 64 s, thin lower tails", Gamma(2, 400), Gamma(3, 500), q=2e-9, poll=64, hours=48, floor=(12000, 11500)),
    "missing-bunches": World("a server that is silent for minutes at a time", Gamma(2, 200), Normal(80), loss=0.05, gaps=(1800, (60, 900)), q=2e-9),
    "server-0.5ms": World("a server that stamps in steps of 0.5 ms", Gamma(2, 250), Gamma(2, 250), tick_us=500),
    "walk-3e-9": World("a cheap oscillator: three times the wander", Gamma(2, 150), Exponential(150), q=3e-9),
    "turns": World("the oscillator's rate turns by 0.3 to 0.5 ppm within minutes, every three hours", Exponential(120), Gamma(1.5, 150), q=2e-9, turns=(10800, (0.3, 0.5), (180, 900))),
    "temperature": World("air conditioning: 0.2 ppm up and down in 80 minutes", Gamma(2, 150), Gamma(2, 150), sine=(0.2, 4800)),
    "floors-alike": World("floors of both ways move together by 200 us within hours", Gamma(1.5, 200), Gamma(1.5, 200), drift=((1, 1, "walk", 200, 2.5),)),
    "floors-apart": World("floors of the two ways move each on its own by 60 us within hours", Gamma(2, 200), Gamma(2, 200), drift=((1, 0, "walk", 60, 3), (0, 1, "sine", 60, 5))),
    "route-up": World("the way there becomes 0.6 ms longer, on a path with thin lower tails", Gamma(3, 250), Gamma(2, 250), events=(("route", 0.6, 2, 600, 0),)),
    "route-back-shorter": World("the way back becomes 0.9 ms shorter for six hours, on a slotted path", slots(250, (0.7, 0.2, 0.1), Gamma(2, 60)), Normal(60), events=(("route", 0.55, 0.8, 0, -900),)),
    "fault-small": World("the server is 0.7 ms late for twenty minutes, under normal delays", Normal(60), Normal(60), events=(("fault", 0.62, 0.634, -700),)),
    "fault-large": World("the server is 40 ms ahead for 25 minutes, under a two-mode uplink", Mixture((0.15, 0, Exponential(150)), (0.85, 1500, Gamma(2, 200))), Exponential(150), events=(("fault", 0.6, 0.6174, 40000),)),
    "frequency-step": World("the oscillator steps by 2 ppm, on a path with thin lower tails", Gamma(2, 200), Gamma(2, 200), events=(("frequency", 0.6, 2.0),)),
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
