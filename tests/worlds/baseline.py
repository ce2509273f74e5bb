"""Two textbook clocks for comparison, without tuning: each takes the midpoint of an exchange for the time.

Both are functions of a trace's exchanges (Ta Tb Te Tf, true Tf, true Ta) and of the counter's nominal period. They return the errors just before
each exchange of the second half, in us, as `ffntp replay` scores a clock. Times are differences from the first exchange, in s.
"""

# Random walk of the rate, 1/sqrt(s): that of an ordinary crystal (Zucca and Tavella 2005), and of the simulator.
WANDER = 1e-9
# Standard deviation (ratio) of the counter's rate before the first exchange.
RATE_SD = 100e-6
# Number of exchanges of which the least round trip is taken, as in RFC 5905's clock filter (section 10), and of
# exchange pairs for the rate.
WINDOW = 8


def observations(exchanges, period_s):
    """Return (counter time at Tf, midpoint's theta, round trip, theta of the truth) of each exchange; theta is counter time less true time."""
    counter, time = exchanges[0][3], exchanges[0][2]
    rows = []
    for ta, tb, te, tf, truth, *_ in exchanges:
        at, left = (tf - counter) * period_s, (ta - counter) * period_s
        forward, backward = left - (tb - time) * 1e-9, at - (te - time) * 1e-9
        rows.append((at, (forward + backward) / 2, backward - forward, at - (truth - time) * 1e-9))
    return rows


def second_half(exchanges):
    half = (exchanges[0][4] + exchanges[-1][4]) // 2
    return [exchange[4] >= half for exchange in exchanges]


def kalman(exchanges, period_s):
    """Kalman's filter of time and rate. The noise of a midpoint is the variance of half the difference of successive ones (1960)."""
    rows, scored, errors = observations(exchanges, period_s), second_half(exchanges), []
    theta, gamma, squares, n = rows[0][1], 0.0, 0.0, 0
    p00, p01, p11 = rows[0][2] ** 2 / 12, 0.0, RATE_SD ** 2
    for before, row, is_scored in zip(rows, rows[1:], scored[1:]):
        s = row[0] - before[0]
        theta += gamma * s
        p00 += s * (2 * p01 + s * (p11 + WANDER ** 2 * s / 3))
        p01 += s * (p11 + WANDER ** 2 * s / 2)
        p11 += WANDER ** 2 * s
        if is_scored:
            errors.append((row[3] - theta) * 1e6)
        squares, n = squares + ((row[2] - before[2]) / 2) ** 2, n + 1
        total = p00 + squares / n / 2
        gain, by = p01 / total, row[1] - theta
        theta, gamma = theta + p00 / total * by, gamma + gain * by
        p11 -= gain * p01
        p01 -= p00 / total * p01
        p00 -= p00 / total * p00
    return errors


def least_round_trip(exchanges, period_s):
    """The midpoint of the least round trip of the last WINDOW exchanges, carried on at the rate since the least of the first WINDOW."""
    rows, scored, errors = observations(exchanges, period_s), second_half(exchanges), []
    first = min(rows[:WINDOW], key=lambda row: row[2])
    for i in range(WINDOW, len(rows)):
        best = min(rows[i - WINDOW:i], key=lambda row: row[2])
        rate = (best[1] - first[1]) / (best[0] - first[0]) if best[0] > first[0] else 0.0
        if scored[i]:
            errors.append((rows[i][3] - best[1] - rate * (rows[i][0] - best[0])) * 1e6)
    return errors
