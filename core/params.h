/* params: all tunable constants, each with unit, rationale and source. */
#ifndef FFNTP_CORE_PARAMS_H
#define FFNTP_CORE_PARAMS_H

/* --- page --- */

/*
 * Number of reads before a reader gives up. An update takes 0.1 us, or 0.9 us with eight sources, and a read at least
 * 0.04 us, so a reader outlasts an active writer. If a writer was stopped in mid-update, and the reader cannot use the
 * copy of the map, giving up takes 40 us, or 0.1 ms on CPUs with a long pause instruction.
 */
#define FFNTP_PAGE_TRIES 1000

/* --- vmclock --- */

/*
 * Longest life of a map of a VMClock page by another writer (s). VMClock states no end; known writers update their page
 * every second, or every minute, and a crystal keeps the rate that a writer states for about an hour.
 */
#define FFNTP_VMCLOCK_LIFE_S 3600

/* TAI - UTC (s) that a page may state: 10 in 1972, and a margin for a century of leap seconds. */
#define FFNTP_VMCLOCK_TAI_LEAST_S 10
#define FFNTP_VMCLOCK_TAI_MOST_S 255

/* --- steady --- */

/* Slew of monotonic UTC towards the estimate: 500 ppm, in 2^-64. No kernel slews faster: RFC 5905, A.1.1, MAXFREQ. */
#define FFNTP_STEADY_SLEW (UINT64_MAX / 2000)

/* Disorder between counter readings of different CPUs, and of memory beside them, in ticks: 27 us at 2.4 GHz. */
#define FFNTP_STEADY_DISORDER_TICKS (UINT64_C(1) << 16)

/* --- clock --- */

/*
 * Largest distance by which the counter may be behind the map, in 2^-64 s: 1 ms. The map belongs to a packet that
 * arrived earlier, and CPUs differ by microseconds at most where a kernel keeps time by their counters. A counter that
 * is further behind was set back.
 */
#define FFNTP_BEHIND_LIMIT (UINT64_MAX / 1000)

/* The same for the inputs of a session, whose order within a thread is certain (s). */
#define FFNTP_SET_BACK_S 1e-3

/* --- exchange --- */

/*
 * Largest distance by which te may precede tb (s), because a server may read receive and transmit from two clocks, and
 * rounds each.
 */
#define FFNTP_SERVER_ORDER_S 1e-6

/*
 * Longest round trip that is a measurement (s). After a longer one it is more likely that the counter jumped. RFC
 * 5905's MAXDISP.
 */
#define FFNTP_MAX_RTT_S 16.0

/* --- grain --- */

/* Number of known steps of servers' clocks (grain.c); other steps are fitted. */
#define FFNTP_GRAIN_KNOWN 32

/*
 * Likelihood ratio that proves a step. A fine clock reaches it with a probability of at most its inverse. 34 steps of
 * two kinds are tried, so in 10^5 exchanges fewer than one server in 10^9 is misjudged.
 */
#define FFNTP_GRAIN_PROOF 1e16

/* Upper limit of the stored ratio. */
#define FFNTP_GRAIN_MOST 1e20

/* A step is used if it is at least this many times the precision that the server states (ratio); less is rounding. */
#define FFNTP_GRAIN_COARSER 2.0

/* Least step that is detected (s); below it, delays differ by more than the step. */
#define FFNTP_GRAIN_LEAST_S 0x1p-14

/* Largest deviation from exact steps (s) of servers that round to microseconds: two roundings. */
#define FFNTP_GRAIN_SLACK_S 2e-6

/* Share of server faults among differences that no delay explains: one in this many (ratio). */
#define FFNTP_GRAIN_FAULTS 16.0

/* Largest deviation of a time that lies on a fitted step, in steps. */
#define FFNTP_GRAIN_FIT 0.0625

/* Largest change of a server's rate between exchanges (ratio), by which a fitted step may change. */
#define FFNTP_GRAIN_RATE 1e-6

/* Loss of weight per exchange of the length that a fitted step was measured over (ratio). */
#define FFNTP_GRAIN_FADE 0.0625

/* A step shows itself when the server's clock and the counter differ by this share of the step. */
#define FFNTP_GRAIN_WIDE 0.125

/* Largest step that is accepted before it has shown itself (s): 1/50 s is the longest tick of a kernel. */
#define FFNTP_GRAIN_TICK_S 0.021

/* A multiple of the present step is accepted when the times would lie on it by chance only once in this many cases. */
#define FFNTP_GRAIN_MULTIPLE 1e9

/*
 * Probability of a server fault among differences that neither delays nor the present step explain: one in this many.
 */
#define FFNTP_GRAIN_BEYOND 1e3

/* Steps whose relative difference is less than this are the same, because no clock's rate has a larger error. */
#define FFNTP_GRAIN_SAME 1e-3

/*
 * A step is dropped after this many exchanges whose times do not lie on it, or a sixteenth of that number whose
 * residence disproves it. Then a different machine replies at the same address.
 */
#define FFNTP_GRAIN_DOUBT 256
#define FFNTP_GRAIN_DISPROOF 16

/* --- bound --- */

/*
 * Largest error of a port's stamps (s): a cross-timestamp with CLOCK_REALTIME is 26 to 28 ns wide, and NTP's unit is
 * 0.2 ns.
 */
#define FFNTP_STAMPING_ERROR_S 50e-9

/*
 * Largest relative difference between two rates of one uncompensated crystal over the temperatures that computers work
 * at. After a larger change the counter itself is in doubt: it is a different machine's, or its host has set it.
 */
#define FFNTP_WANDER_LIMIT 20e-6

/*
 * Rates within this time (s), or within this number of exchanges, lie in one band of the width max_drift; a longer
 * baseline than both proves no rate. In a month crystals age by 0.1 ppm, and their temperature changes within a day.
 * The number of exchanges matters because a baseline of N exchanges leaves an error of one round trip / N at the end of
 * a poll interval.
 */
#define FFNTP_RATE_MEMORY_S (30 * 86400.0)
#define FFNTP_RATE_MEMORY_EXCHANGES 128

/*
 * If averages differ by more than this share of the band (ratio), the counter is about to leave the band, as an ageing
 * one does, so the oldest averages are dropped before the range becomes wrong. The rest of the band covers such a
 * counter until newer averages show its rate.
 */
#define FFNTP_RATE_BAND_SHARE 0.75

/* --- counters --- */

/*
 * Shortest and longest period of a counter (s per tick). A reply that arrives in the tick of its request would prove
 * that a longer one stood still; durations of months stay below 2^63 ticks of the shortest one.
 */
#define FFNTP_PERIOD_LEAST_S 1e-12
#define FFNTP_PERIOD_MOST_S 1e-6

/*
 * Largest error of the period that a client starts from (ratio): that of a guest's counter measured against Solo5's
 * monotonic clock on virtio without kvmclock, which was seen 20 to 34 % slow, because it counts the counter during a
 * delay of the emulated PIT. Below 1, so that every possible period is positive.
 */
#define FFNTP_PERIOD_ERROR_MOST 0.5

/* --- strain --- */

/*
 * Number of exchanges in a row that reach beyond the same side of the bound, and not beyond the other, after which the
 * bound is taken to be false. While the bound rests on few exchanges, queues often make one exchange do that, but
 * hardly ever five in a row. A wrong rate moves the bound, and half of a round trip hides the error at first: at 40 ppm
 * and a poll interval of 128 s, five exchanges find it after 26 ms.
 */
#define FFNTP_STRAIN_BOUND_EXCHANGES 5

/* ... by more than this share (ratio) of the least round trip: paths seldom change both directions at once by more. */
#define FFNTP_STRAIN_BOUND_SHARE 0.0625

/*
 * Exchanges in a row that are on one side of the clock, before it is taken to be wrong: a burst, because an estimator
 * that holds its time while a path changes is right more often than not.
 */
#define FFNTP_STRAIN_CLOCK_EXCHANGES 8

/* ... by more than this share (ratio) of the least round trip: as if one direction took three times the other's. */
#define FFNTP_STRAIN_CLOCK_SHARE 0.5

/* Number of exchanges over which the mean queueing delay is formed. */
#define FFNTP_STRAIN_MEMORY 64

/* --- estimator --- */

/*
 * Standard deviation of the clock's error from an asymmetric path, as a share of the path's least round trip. No
 * exchange reveals how the least round trip divides into its two directions; the clock assumes halves, and is wrong by
 * half of the difference. On measured Internet paths that difference is 1.4 % of the least round trip in the median and
 * 4 % at 90 %, so the clock's error is 0.7 % and 2 %. The normal distribution with that 90 % has a standard deviation
 * of 1.22 % of the least round trip (its median would be 0.82 %: the paths have a longer tail). Student's t, which has
 * both quantiles at 4.2 degrees of freedom, has 1.32 %, and 95 % of its values are within two of these 1.3 %.
 */
#define FFNTP_ASYMMETRY_SHARE 0.013

/* --- dissent --- */

/*
 * Time (s) for which exchanges must contradict the clock and agree with each other before the clock steps. Then the
 * clock was wrong, because its counter jumped, or because it followed a wrong server. Servers that lose their
 * reference, are restarted or follow a bad source themselves mostly recover within minutes; a crystal that free-runs
 * for half an hour is off by about 50 us, and by 2 ms at most.
 */
#define FFNTP_DISSENT_PERSIST_S 1800.0

/* Least number of such exchanges, so that two packets half an hour apart do not decide. */
#define FFNTP_DISSENT_EXCHANGES 8

/*
 * A clock that has agreed with fewer exchanges than this, two bursts, has no more evidence than a candidate: a larger
 * number of exchanges that agree with each other replaces it at once. A bad reply among the first ones may agree with
 * some good ones at a wrong rate.
 */
#define FFNTP_DISSENT_YOUNG 16

/*
 * An exchange agrees with a candidate if their intervals overlap in at least this share of the narrower one (ratio).
 * Exchanges of one time contain the least delays of both directions, and overlap almost entirely; those of two times
 * overlap by any share.
 */
#define FFNTP_DISSENT_OVERLAP 0.5

/*
 * Number of consistent exchanges that suffice where the counter may stop or jump without notice, as in a guest: a
 * burst.
 */
#define FFNTP_DISSENT_JUMP_EXCHANGES 3

/*
 * Replies in a row with chrony's marks in their timestamps, after which the server is taken for chrony. Random bits
 * have them once in 4^16 times.
 */
#define FFNTP_ROOT_FIELD_MARKED 16

/*
 * Requests in a row with the field of fine root values that may stay without a reply, from a server that has answered
 * it or is configured so; any other server gets one.
 */
#define FFNTP_ROOT_FIELD_SILENT 4

/* Requests without the field between attempts at servers that did not answer it. */
#define FFNTP_ROOT_FIELD_PLAIN 64

/*
 * Shortest correction of a server's clock that counts as one (s). Below it is the noise of its timestamps, and no such
 * correction contradicts a clock.
 */
#define FFNTP_ROOT_FIELD_MOVED_S 1e-6

/*
 * Consecutive exchanges that must prove a changed rate of the counter. A server that steps shows the old rate from its
 * second exchange on.
 */
#define FFNTP_DISSENT_RATE_EXCHANGES 3

/*
 * Consecutive steps between contradicting exchanges that must fit one rate outside of the hint. Three steps of a server
 * that jumps at random do not fit one rate.
 */
#define FFNTP_DISSENT_ALIGNED_STEPS 3

/* --- radclock: after Veitch, Ridoux, Korada 2009 (TON09) and RADclock 2012, temperature quality "good" --- */

/* Largest error of a host's timestamps in normal operation (s): RADclock's TSLIMIT. */
#define FFNTP_RADCLOCK_NOISE_S 15e-6

/*
 * Time (s) for which an oscillator has one rate, its local rate; over longer times wander exceeds noise. RADclock's
 * SKM_SCALE.
 */
#define FFNTP_RADCLOCK_SCALE_S 1024.0

/* Largest relative difference between two local rates, day and night. RADclock's RateErrBOUND. */
#define FFNTP_RADCLOCK_RATE_BOUND 5e-7

/* Rate at which a stamp loses value with age (s/s). RADclock's BestSKMrate. */
#define FFNTP_RADCLOCK_AGEING 2e-7

/* Least round trip (s) below which the server is near and its path quiet, so that thresholds are tighter. RADclock. */
#define FFNTP_RADCLOCK_NEAR_S 3e-3

/* Change (s) that is a shift of the least round trip. RADclock's Eshift = 10 noise, 3 of that if far. */
#define FFNTP_RADCLOCK_SHIFT_NEAR_S (10 * FFNTP_RADCLOCK_NOISE_S)
#define FFNTP_RADCLOCK_SHIFT_FAR_S (3 * FFNTP_RADCLOCK_SHIFT_NEAR_S)

/*
 * Time (s) for which every stamp must show an upward shift: that in which a rate error of 1e-7 amounts to Eshift. Also
 * the least number of such stamps, of which at least one would otherwise have been quick: RADclock's shift_win, at
 * least 100. Where polls are so rare that this number takes longer than the local rate's whole span, that span is
 * sufficient.
 */
#define FFNTP_RADCLOCK_SHIFT_WINDOW_S (FFNTP_RADCLOCK_SHIFT_NEAR_S / 1e-7)
#define FFNTP_RADCLOCK_SHIFT_STAMPS 100

/*
 * Share of these stamps that must be within a shift of the quickest, because a path's floor is touched often and a
 * queue has no floor.
 */
#define FFNTP_RADCLOCK_SHIFT_SHARE 0.05

/*
 * The near and the far window of the local rate (s). The rate is measured between two stamps: the one with the least
 * round trip in each window. The windows are those of RADclock's process_plocal.
 */
#define FFNTP_RADCLOCK_NEAR_WINDOW_S FFNTP_RADCLOCK_SCALE_S
#define FFNTP_RADCLOCK_FAR_YOUNGEST_S (5.5 * FFNTP_RADCLOCK_SCALE_S)
#define FFNTP_RADCLOCK_FAR_OLDEST_S (6.5 * FFNTP_RADCLOCK_SCALE_S)

/* A local rate with a larger error than this (ratio) does not replace an older one. RADclock's plocal_quality. */
#define FFNTP_RADCLOCK_LOCAL_QUALITY 8e-7

/* A local rate older than this (s), half its span, is no better than the average. IMC04, section 6.1. */
#define FFNTP_RADCLOCK_LOCAL_STALE_S (2.5 * FFNTP_RADCLOCK_SCALE_S)

/* Largest change of a rate, local or average, between stamps (ratio). RADclock's Ep_sanity. */
#define FFNTP_RADCLOCK_RATE_SANITY (3 * FFNTP_RADCLOCK_RATE_BOUND)

/*
 * A rate that was rejected for this time (s) is accepted, because then the oscillator has changed. This is longer than
 * the local rate's span, within which a one-way change of the path resembles a change of rate.
 */
#define FFNTP_RADCLOCK_RATE_PERSIST_S (7.5 * FFNTP_RADCLOCK_SCALE_S)

/* Least number of such rejections. */
#define FFNTP_RADCLOCK_PERSIST_STAMPS 4

/*
 * A clock that no stamp agrees with for this time (s) is wrong, and so is its rate. This is much later than a client
 * decides (dissent).
 */
#define FFNTP_RADCLOCK_LOST_S (2 * FFNTP_DISSENT_PERSIST_S)

/*
 * Duration of the warm-up (s): the local rate's windows are full, and one more. RADclock's warmup_win: 480 stamps of 16
 * s.
 */
#define FFNTP_RADCLOCK_WARMUP_S (7.5 * FFNTP_RADCLOCK_SCALE_S)

/*
 * Least number of stamps in the warm-up; with fewer, the floor has not been seen, nor a stamp to measure all rates
 * from.
 */
#define FFNTP_RADCLOCK_WARMUP_STAMPS 32

/*
 * During warm-up, rates are measured between the first and the last part of all stamps; this is the share of each part.
 * RADclock's warmup_winratio.
 */
#define FFNTP_RADCLOCK_WARMUP_SHARE 0.25

/* Largest difference between the average rates of successive half weeks (ratio). RADclock's Ep_qual. */
#define FFNTP_RADCLOCK_PERIOD_QUALITY (FFNTP_RADCLOCK_RATE_BOUND / 5)

/*
 * Half of the week for which the average rate and the floor remember stamps (s); they drop half a week at a time.
 * RADclock's top_win.
 */
#define FFNTP_RADCLOCK_HALF_WINDOW_S (604800.0 / 2)

/* Time (s) after each half week in which the next week's base stamp is searched. RADclock's jsearch_win. */
#define FFNTP_RADCLOCK_SEARCH_S FFNTP_RADCLOCK_WARMUP_S

/* Width of the offset's weights (s): exp(-(error / width)^2). RADclock's Eoffset = offset_ratio noise. */
#define FFNTP_RADCLOCK_OFFSET_WIDTH_S (6 * FFNTP_RADCLOCK_NOISE_S)

/* Largest age of a stamp that the offset uses (s). RADclock's offset_win. */
#define FFNTP_RADCLOCK_OFFSET_WINDOW_S FFNTP_RADCLOCK_SCALE_S

/* If the best stamp's error exceeds this (s), the former estimate contributes as well. RADclock's Eoffset_qual. */
#define FFNTP_RADCLOCK_OFFSET_QUALITY_NEAR_S (3 * FFNTP_RADCLOCK_OFFSET_WIDTH_S)
#define FFNTP_RADCLOCK_OFFSET_QUALITY_FAR_S (2 * FFNTP_RADCLOCK_OFFSET_QUALITY_NEAR_S)

/*
 * Largest difference between an offset and the clock's prediction (s), and its growth per second since the clock was
 * last set (s/s), which exceeds any oscillator's sudden change of rate. RADclock's Eoffset_sanity_min and _rate.
 */
#define FFNTP_RADCLOCK_SANITY_S (100 * FFNTP_RADCLOCK_NOISE_S)
#define FFNTP_RADCLOCK_SANITY_RATE (20 * FFNTP_RADCLOCK_RATE_BOUND)

/*
 * Standard deviation of a rate, as a share of the error that its stamps' excesses allow: a middle is off by at most
 * half of the excess.
 */
#define FFNTP_RADCLOCK_RATE_SIGMA 0.5

/* Time between the estimates from which the estimated error is computed (s): the window has changed by a sixteenth. */
#define FFNTP_RADCLOCK_SPREAD_S (FFNTP_RADCLOCK_OFFSET_WINDOW_S / 16)

/* Number of estimates that are averaged: about an hour's. */
#define FFNTP_RADCLOCK_SPREAD_ESTIMATES 64.0

/* Weight of the past in the variance of the window's stamps, in stamps. */
#define FFNTP_RADCLOCK_SPREAD_PRIOR 8.0

/*
 * Leverage (s^2) below which slopes contain no information about the rate: one pair of stamps an eighth of the window
 * apart. Rare stamps have no leverage, and the differences between successive estimates contain all information.
 */
#define FFNTP_RADCLOCK_SPREAD_LEVERAGE_S2 (FFNTP_RADCLOCK_OFFSET_WINDOW_S / 8 * (FFNTP_RADCLOCK_OFFSET_WINDOW_S / 8))

/* Additional stamps for bursts (client.h: burst), which are closer together than the poll interval. */
#define FFNTP_RADCLOCK_BURST_STAMPS 32

/*
 * Limits of the history's size in stamps: with fewer, the first warm-up has too few to choose from; more waste memory.
 */
#define FFNTP_RADCLOCK_HISTORY_LEAST 128
#define FFNTP_RADCLOCK_HISTORY_MOST 65536

/* --- client --- */

/*
 * A date shortly before the release of this source (2026-01-01; s since 1970): no true time lies before it. It is a
 * constant and not the time of compilation, so that builds are reproducible and a wrong clock of the build machine has
 * no effect. scripts/release requires that it is less than a year old.
 */
#define FFNTP_RELEASE_S INT64_C(1767225600)

/*
 * The date that resolves NTP's eras unless the caller supplies a better one (s since 1970): half an era after the
 * release, so that each timestamp becomes the only date that has it within 136 years from the release. No clock of the
 * machine is involved, because it may be wrong by decades.
 */
#define FFNTP_PIVOT_S (FFNTP_RELEASE_S + (INT64_C(1) << 31))

/*
 * Error of the period after the counter was disrupted (ratio): a different machine's crystal with the same nominal
 * rate.
 */
#define FFNTP_DISRUPTED_PERIOD_ERROR 100e-6

/*
 * Additional error of a saved period (ratio), because temperature changes a crystal's rate from one hour to another
 * while no client watches it.
 */
#define FFNTP_SAVED_PERIOD_ERROR 0.5e-6

/*
 * Number of poll intervals ahead for which a map must stay inside the bounds published before: the next map comes after
 * one, or two if a packet is lost, and a round trip.
 */
#define FFNTP_PROMISE_POLLS 2.5

/*
 * If satisfying earlier bounds would shift the estimate by more than this many standard deviations, drop those bounds
 * and signal a disruption. An estimator's errors have longer tails than a Gaussian, and breaking a published bound is
 * worse than shifting the estimate.
 */
#define FFNTP_PROMISE_SIGMAS 6.0

/*
 * If the estimate is outside of the hard bound by more than this many of its standard deviations, the estimator has
 * fitted a wrong time and is restarted. By chance this happens once in a million, and costs little.
 */
#define FFNTP_DISPROOF_SIGMAS 5.0

/* Number of exchanges, a burst's worth, after which an estimator's own error is trusted. */
#define FFNTP_TRUST_EXCHANGES 8

/* A map becomes void after this many poll intervals without an update, but not before FFNTP_VOID_S (s). */
#define FFNTP_VOID_POLLS 8.0
#define FFNTP_VOID_S 1000.0

/* --- leap --- */

/*
 * Distance from a leap second (s) within which the core's own time decides which second a server's timestamp means,
 * because some servers step late or early.
 */
#define FFNTP_LEAP_NEAR_S 2

/* Margin of that decision beyond the bound (s), because the server's time may be wrong. */
#define FFNTP_LEAP_MARGIN_S 0.1

/* An announcement later than this before a leap second (s) is ignored. */
#define FFNTP_LEAP_LATEST_S 2

/*
 * A withdrawal later than this before a leap second (s) is ignored, because by then some servers have stopped
 * announcing a leap second that they perform.
 */
#define FFNTP_LEAP_FINAL_S 60

/*
 * Minimum number of servers that must unanimously announce a leap second outside June and December (ITU-R TF.460 allows
 * it; none has occurred).
 */
#define FFNTP_LEAP_UNANIMOUS 3

/* An offset within this of one second (s) may be a missed leap second. */
#define FFNTP_LEAP_TOLERANCE_S 0.25

/*
 * Time (s) after which a server that is off by one second according to a table is accepted, rather than after
 * FFNTP_DISSENT_PERSIST_S. The table may be wrong, but servers that miss a leap second are more common.
 */
#define FFNTP_LEAP_PERSIST_S 86400.0

/* --- smear --- */

/*
 * A smear is considered detectable once its expected offset exceeds this multiple of the clock's own uncertainty: a
 * quarter of an hour after noon if the round trip is 4 ms.
 */
#define FFNTP_SMEAR_SURE 2.0

/*
 * A server smears if it is behind by at least this share of the expected offset, and exceeds it by no more than the
 * remaining share: smears last 20 to 24 hours.
 */
#define FFNTP_SMEAR_SHARE 0.4

/* Least time between updates of the stored clock (s). */
#define FFNTP_SMEAR_LINE_S 600.0

/* --- polling --- */

/* Time to wait for a reply (s): longer than any path that can measure microseconds, and than most that cannot. */
#define FFNTP_REPLY_TIMEOUT_S 4.0

/* Without a nonce no request is begun; the system is asked for one again after this time (s). */
#define FFNTP_SESSION_NONCE_RETRY_S 1.0

/* A map is published at least this often (s), so that its void_after advances while no server replies. */
#define FFNTP_SESSION_PUBLISH_S 60.0

/* Time between the requests of a burst (s), which rate-limiting servers allow (chrony's and ntpd's iburst). */
#define FFNTP_BURST_INTERVAL_S 2.0

/* Requests of a burst that the user asks for while the clock runs, as in chrony's usual 'burst 4/4'. */
#define FFNTP_BURST_WANTED 4

/*
 * Adaptive polling waits until the clock's uncertainty is this many times that of one exchange (ratio); at 1 an
 * exchange halves the variance. Asking more often gains little; asking less often loses the clock's former information.
 */
#define FFNTP_ADAPTIVE_RATIO 1.4

/*
 * Largest growth of an adaptive interval per exchange (ratio), because an estimator's prediction for a longer interval
 * rests on a path that it has hardly seen. From 16 s to 1024 s takes 14 exchanges.
 */
#define FFNTP_ADAPTIVE_GROWTH 1.35

/*
 * Interleaved mode: if the next request is further away than this (s), a second request follows the first after a
 * burst's interval and completes its exchange, which would be too old otherwise. With exchanges that wait a whole
 * interval, the RMS error in the scenarios lan and metro grows by 3 to 7 % at intervals of 8 s, by 11 to 24 % at 64 s,
 * and by half to three quarters at adaptive ones.
 */
#define FFNTP_INTERLEAVED_WAIT_S 8.0

/*
 * The standard deviation of the mean of such a pair's exchanges, relative to that of one: 1/sqrt(2). Without it
 * adaptive intervals grow with the better clock, and the RMS error in metro is 44 us instead of 31, against 39 in basic
 * mode.
 */
#define FFNTP_INTERLEAVED_PAIR 0.70710678118654752

/*
 * Growth of the waits between a burst and the poll interval (ratio): the rate is as uncertain as the burst was short.
 */
#define FFNTP_TAPER 1.35

/*
 * Consecutive requests without a usable reply after which the clock is free-running; and after which a different
 * server, or a different address, may do better.
 */
#define FFNTP_UNANSWERED_FREE_RUNNING 4
#define FFNTP_UNANSWERED_CHANGE 8

/*
 * Number of exchanges that must agree at the nominal rate before the status is synchronised. Nothing shows whether a
 * single reply is right, because one machine behind a server's name may be wrong. The next exchange of a burst comes 2
 * s later. Of 200 simulated beginnings with bad replies, 100 were synchronised with a false bound after one exchange;
 * with two, 24 are, where bad replies overlap good ones.
 */
#define FFNTP_SYNCHRONISED_EXCHANGES 2

/*
 * Number of replies at an interval that a kiss-o'-death required, before a shorter one is tried; and at one that
 * silence suggested, which is usually an outage, after which the former interval is served again.
 */
#define FFNTP_KISS_DECAY_REPLIES 64
#define FFNTP_SILENCE_DECAY_REPLIES 8

/* Largest such number, because each try that fails doubles it: two hours at 2 s. */
#define FFNTP_PATIENCE_MOST 4096

/*
 * Number of replies at the configured interval after which the server is known to serve it, and former tries that
 * failed are forgotten. ntpsec's limiter answers 60 to 75 requests at a rate that it then refuses for ever
 * (findings/ntpsec-limits-one-a-second.sh).
 */
#define FFNTP_SERVED_REPLIES 256

/*
 * Silence after replies: consecutive requests without any reply, from which on the server is taken to limit the rate;
 * the largest probability (ratio) that all are lost by chance, by the share that had replies before; and the number
 * of requests in which that share is learnt. A path that loses one packet in ten loses six in a row once in a million
 * requests; one that loses nine in ten needs 131.
 */
#define FFNTP_SILENCE_REQUESTS 6
#define FFNTP_SILENCE_CHANCE 1e-6
#define FFNTP_SILENCE_WINDOW 128

/*
 * Longest interval that silence leads to (s). The usual limits are 1 s in ntpsec, and 8 s on average in ntpd ("discard
 * average 3") and chrony ("ratelimit interval 3"). A longer one would cost accuracy where connectivity comes and goes,
 * for nothing: 64 s doubled the error of polls of 16 s on a path that is silent for 4 to 12 minutes in 38.
 */
#define FFNTP_SILENCE_FLOOR_S 16.0

/*
 * --- law: the delay-law estimator (docs/algorithm.md) ---
 * Chosen on simulated worlds of many laws, none on a single one. "Scale" is half the middle 68 % of a law.
 */

/* the density of a law */

/*
 * Exchanges after which a delay's share in its law has faded: a day and a half at 16 s, long enough for a
 * histogram whose own noise costs a few percent.
 */
#define FFNTP_LAW_MEMORY 8192.0

/*
 * The first delays were placed by a clock that knew little, so exchange i counts as i to this power until MEMORY
 * is reached.
 */
#define FFNTP_LAW_EARLY 1.0

/*
 * Bins go where the mass is, and this share of them to where it is not: gaps between modes and tails need edges,
 * too.
 */
#define FFNTP_LAW_WIDE_SHARE 0.5

/* A bin without mass counts by its width in units of this many scales (half the middle 68 %) ... */
#define FFNTP_LAW_WIDE_SCALE 0.5

/* ... plus this share of its distance from the median: tails need relative resolution only. */
#define FFNTP_LAW_WIDE_DISTANCE 0.15

/* A bin is split when it is this many times as important as the two neighbours that are the least so (ratio). */
#define FFNTP_LAW_SPLIT 2.0

/*
 * A window of the local fit grows while it agrees with all smaller ones within this many standard deviations of
 * each; at a tenth laws are full of false edges, at ten times true edges are lost.
 */
#define FFNTP_LAW_AGREE_SD 1.2

/* Exchanges that a window's slope is shrunk by: because the mean of a few delays reveals little of it. */
#define FFNTP_LAW_SLOPE_PRIOR 3.0

/* Change of the logarithm of the density within one bin, at most: a bin's ends must not be extrapolated to. */
#define FFNTP_LAW_SLOPE_MOST 2.0

/*
 * This many exchanges are spread evenly over TAIL_WIDTH scales: no delay is impossible, and delays far out reveal
 * nothing of the clock.
 */
#define FFNTP_LAW_TAIL_MASS 1.0
#define FFNTP_LAW_TAIL_WIDTH 40.0

/*
 * The least delays are kept in generations; a new one begins when the newest has lasted for this share of all
 * exchanges. Delays that a young clock made too short are forgotten so.
 */
#define FFNTP_LAW_GENERATION 0.4

/* A density is fitted again after this share of all exchanges, at least every MEMORY / 16. */
#define FFNTP_LAW_SMOOTH_GROWTH 0.15
/* the floors */

/*
 * Exponents k of the lower tail, P(delay < x) ~ (x - floor)^k, that are weighed: from LEAST on over SPAN nepers. 1
 * is an exponential, 2 or 3 that many queues in a row.
 */
#define FFNTP_LAW_SHAPE_LEAST 0.7
#define FFNTP_LAW_SHAPE_SPAN 2.5

/* Prior of an exponent: log-normal, with this median and standard deviation (nepers) ... */
#define FFNTP_LAW_SHAPE_MEDIAN 1.6
#define FFNTP_LAW_SHAPE_SD 0.85

/*
 * ... and those of the two ways are alike within this (nepers), with a probability of ALIKE_SHARE: most paths are
 * made of the same links both ways.
 */
#define FFNTP_LAW_ALIKE_SD 0.35
#define FFNTP_LAW_ALIKE_SHARE 0.8

/*
 * Gaps between the floor and the least delay that are weighed: from this share of the distance to the 15th least
 * delay ...
 */
#define FFNTP_LAW_GAP_LEAST 0.02

/* ... to this many times the distance to the highest delay that is fitted. */
#define FFNTP_LAW_GAP_MOST 4.0

/* Share of all exchanges that the kept generations cover. */
#define FFNTP_LAW_COUNT_SHARE 0.7

/*
 * More delays are taken into the fit while it agrees with that of fewer within this many standard deviations:
 * beyond, the tail bends, or has a second mode.
 */
#define FFNTP_LAW_LEPSKI_SD 1.0

/* Share of the clock's variance that remains in the least delay. */
#define FFNTP_LAW_FLOOR_BLUR 0.25

/*
 * Share of the square of the distance from the least delay to the n^(1/3)th, the 15th at most, that the end of a tail
 * is in doubt by, because the tail may be no power: a lognormal or normal tail ends some such distances below its least
 * delay.
 */
#define FFNTP_LAW_END_DOUBT 0.4

/* Relative difference of the two spreads above the least delays that is no evidence yet of unlike laws. */
#define FFNTP_LAW_UNLIKE_LEAST 0.4

/* Ratio of the error of the floors' difference to the standard deviation of its fit, because tails are not powers. */
#define FFNTP_LAW_GAUGE_MODESTY 1.2

/* The floors are fitted again after this share of all exchanges, at least every MEMORY / 16. */
#define FFNTP_LAW_GAUGE_GROWTH 0.12
/* the oscillator */

/*
 * Wanders of the bank (1/sqrt(s)): the first of six at the start, each twice the one before; the bank slides
 * between LEAST (an oven) and MOST (a cheap crystal in a draught).
 */
#define FFNTP_LAW_WANDER_START 1.6e-10
#define FFNTP_LAW_WANDER_LEAST 2e-11
#define FFNTP_LAW_WANDER_MOST 3e-8

/* The bank slides when the two at one end have this share of the weight. */
#define FFNTP_LAW_WANDER_SLIDE 0.6

/* Share of a weight that moves to each neighbour in an exchange: an oscillator may change its ways. */
#define FFNTP_LAW_WANDER_LEAK 4e-4

/* Half of the grid, in standard deviations of the clock. */
#define FFNTP_LAW_REACH_SD 5.0

/* A posterior on fewer points of the grid than this is tabulated again on a finer grid. */
#define FFNTP_LAW_NARROW_POINTS 9.0

/*
 * Weight of a law that has n exchanges: n / (n + YOUNG), because the noise of a law of few exchanges acts like false
 * information.
 */
#define FFNTP_LAW_YOUNG 15.0

/* Standard deviations that a serial correlation must exceed to count. */
#define FFNTP_LAW_CORRELATION_SD 2.0

/*
 * A delay is not taken for one of the least if the clock that looks back differs from the clock of the moment by
 * more standard deviations.
 */
#define FFNTP_LAW_SOUND_SD 2.5
/* congestion */

/* A direction is congested when the mean rank of the latest delays exceeds 1/2 by this: 3 standard deviations ... */
#define FFNTP_LAW_MUTE_ON 0.33

/* ... until it exceeds it by less than this, ... */
#define FFNTP_LAW_MUTE_OFF 0.15

/* ... for this many exchanges at most: then it is the path. */
#define FFNTP_LAW_MUTE_EXCHANGES 256.0

/* Weight of a congested direction. */
#define FFNTP_LAW_MUTE_WEIGHT 0.02

/*
 * Product of the mean ranks of both ways, of opposite signs, beyond which they are the clock's error and no congestion:
 * both 0.2 from the middle, which is 1.8 standard deviations of each.
 */
#define FFNTP_LAW_OPPOSITE -0.04

/* drift of both floors */

/* Exchanges over which the shift of each law is followed. */
#define FFNTP_LAW_DRIFT_EXCHANGES 100.0

/* Log-likelihood ratio, of both ways together, at which the laws are moved ... */
#define FFNTP_LAW_DRIFT_SCORE 14.0

/* ... and what each way's loses at each exchange. */
#define FFNTP_LAW_DRIFT_PRICE 0.02

/*
 * By how much the drifts of both ways must differ for the clock to have gone along with them, in units of the inverse
 * of each law's power: four standard deviations of a mean of ranks over DRIFT_EXCHANGES, older ones fading.
 */
#define FFNTP_LAW_DRIFT_NOISE 0.08
/* changes */

/* A trial opens when the mean rank of some 4 delays differs from 1/2 by this, ... */
#define FFNTP_LAW_FAST_RANK 0.34

/* ... or that of some 16 by this: 3.3 standard deviations of independent delays; ... */
#define FFNTP_LAW_SLOW_RANK 0.18

/* ... if some cause has at least this score (log-likelihood ratio to "nothing changed", price included). */
#define FFNTP_LAW_OPEN_SCORE (-11.0)

/* Price of a change, in nepers: one in 400,000 exchanges. */
#define FFNTP_LAW_CHANGE_PRICE 13.0

/* Price of congestion, which is common (nepers). */
#define FFNTP_LAW_CONGESTED_PRICE 3.0

/* Mean of a congested direction's delays above the floor before any was seen, in scales of its law. */
#define FFNTP_LAW_CONGESTED_MEAN 4.0

/* Standard deviations of a sudden change of the rate (ratio): a fan, a crystal's activity dip; ... */
#define FFNTP_LAW_RATE_STEP 1e-6

/* ... and a large one. */
#define FFNTP_LAW_RATE_JUMP 8e-6

/*
 * Likelihood ratios count as this share of themselves: laws are known with an error, which the exchanges of one
 * trial have in common, ...
 */
#define FFNTP_LAW_TRUST 0.6

/* ... and less while a law has few exchanges: n / (n + TRUST_YOUNG). */
#define FFNTP_LAW_TRUST_YOUNG 150.0

/*
 * A trial ends after this many exchanges if every cause has a score below CLOSE_SCORE, and congestion below
 * CONGESTED_SCORE.
 */
#define FFNTP_LAW_CLOSE_EXCHANGES 4.0
#define FFNTP_LAW_CLOSE_SCORE (-6.0)
#define FFNTP_LAW_CONGESTED_SCORE 2.0

/* A cause is certain when its score exceeds all others by this, ... */
#define FFNTP_LAW_LEAD_SCORE 4.0

/* (a step of the server's time: exchanges are refused from then on) ... */
#define FFNTP_LAW_TIME_SCORE 4.0

/* ... after this many exchanges, ... */
#define FFNTP_LAW_RATE_EXCHANGES 8.0

/*
 * ... and for a path after this many, or after PATH_S (s). Until then the step's size is learnt, whose error stays in
 * the time; but no oscillator holds the time for longer than PATH_S so well that later exchanges could add to that.
 */
#define FFNTP_LAW_PATH_EXCHANGES 96.0
#define FFNTP_LAW_PATH_S 1800.0

/*
 * By how much a step of the server's time must exceed all else (nepers) where no exchange is beyond all delays of both
 * ways, because a small step makes one way longer than usual, and not longer than ever.
 */
#define FFNTP_LAW_TIME_SURE 20.0

/* Standard deviations of the clock beyond which an exchange must be to contradict it. */
#define FFNTP_LAW_CONTRADICTION_SD 8.0

/* Largest number of contradicting exchanges that are refused while a trial is open and no cause leads. */
#define FFNTP_LAW_DOUBTED_EXCHANGES 3.0

/* By how much the clock must explain an exchange better than a step of the server's time, for the step to be over
 * (nepers). */
#define FFNTP_LAW_OVER_SCORE 3.0

/*
 * Share of a change of rate, and of what it did to the time, that remains in doubt as a standard deviation: it was
 * found from a few exchanges, by two moments of each.
 */
#define FFNTP_LAW_RATE_DOUBT 0.15

/* Standard deviations of its steps within which a round trip is the former one: routes flap between a few paths. */
#define FFNTP_LAW_RETURN_SD 3.0

/* A trial that is undecided after this many exchanges ends. */
#define FFNTP_LAW_TRIAL_EXCHANGES 64.0

/* Exchanges after an undecided trial in which only a single one that fits no law opens the next. */
#define FFNTP_LAW_PATIENCE_EXCHANGES 32.0
/* the estimate */

/* Ratio of the clock's error to the filter's standard deviation, because Gaussians in place of posteriors make it too
 * sure. */
#define FFNTP_LAW_MODESTY 1.1

/* Exchanges after which half of the doubt is gone that the variance is twice that of the clock. */
#define FFNTP_LAW_LEARNT 100.0

/* The stable period is the average over so long (s), older times fading: a day evens out day and night. */
#define FFNTP_LAW_STABLE_S 86400.0

/* Of a path that has shown one round trip, the mean delay above the floor is likely to be a few percent of it. */
#define FFNTP_LAW_NOISE_GUESS (1 / 30.0)

/* Timestamps have jitter of their own, and are rounded (s): no path's noise is taken to be less. */
#define FFNTP_LAW_NOISE_LEAST_S 25e-9

/* --- ensemble --- */

/*
 * A path's frame, the distance of its clock from the joint clock, is the mean over this many exchanges (older ones
 * fade): the errors of the path's own clock, which last some ten exchanges, average out to a seventh of them.
 */
#define FFNTP_ENSEMBLE_FRAME_EXCHANGES 512.0

/* Exchanges after which a frame is half as good as a known one, so that the path counts half. */
#define FFNTP_ENSEMBLE_FRAME_YOUNG 16.0

/*
 * Least value of 1 - r^2, r being the correlation of time and rate, for which a belief that went back in time is used.
 * Chosen: far above rounding, and far below what a clock has that was updated minutes ago (0.1).
 */
#define FFNTP_ENSEMBLE_LATE_SINGULAR 1e-6

/*
 * A path's clock is astray beyond this distance from the joint clock, in standard deviations of both, whose errors are
 * in part the same.
 */
#define FFNTP_ENSEMBLE_ASTRAY_SIGMAS 6.0

/* Exchanges in a row that are astray before the path is left out; single ones are left out at once. */
#define FFNTP_ENSEMBLE_ASTRAY_EXCHANGES 8

/* A path that is astray is looked at again after this many exchanges: if it has stood still, it is used again. */
#define FFNTP_ENSEMBLE_RETURN_EXCHANGES 64

/*
 * Time constant (s) with which what a server counts for changes: an hour, so that a server that comes or goes moves the
 * clock by less than the clock's error.
 */
#define FFNTP_ENSEMBLE_SHARE_S 3600.0

/* Shares are computed again this many times in their time constant, because they cost as much as a vote. */
#define FFNTP_ENSEMBLE_SHARE_STEPS 64

/* The least standard deviation (s) of a server's time, so that no path is taken to be exact. */
#define FFNTP_ENSEMBLE_LEAST_SD_S 1e-7

/* A server that is followed alone is left for one with this share of its error variance. */
#define FFNTP_ENSEMBLE_BETTER 0.5

/* Degrees of freedom of Student's t for asymmetries, as for FFNTP_ASYMMETRY_SHARE. */
#define FFNTP_BLEND_FREEDOM 4.2

/*
 * Where the counter may jump, and one server contradicts the clock: longest wait for the others (s). A burst of eight
 * requests takes so long.
 */
#define FFNTP_ENSEMBLE_DOUBT_S (8 * FFNTP_BURST_INTERVAL_S)

/* Requests that a server may leave unanswered before the others are a majority without it. */
#define FFNTP_ENSEMBLE_PATIENCE 3

#endif
