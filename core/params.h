/* params: every number that could have been another one, with its unit, its reason and its source. */
#ifndef FFNTP_CORE_PARAMS_H
#define FFNTP_CORE_PARAMS_H

/* --- page --- */

/*
 * Looks at a page before a reader gives up. An update takes 0.1 us, 0.9 with eight sources; a look 0.04 us or more: a
 * writer at work is outlasted. One that was stopped in mid-update costs 40 us, 0.1 ms where CPUs pause for long.
 */
#define FFNTP_PAGE_TRIES 1000

/* --- steady --- */

/*
 * How fast steady UTC comes back to the estimate: 500 ppm, in 2^-64. No kernel slews faster: RFC 5905, A.1.1, MAXFREQ.
 */
#define FFNTP_STEADY_SLEW (UINT64_MAX / 2000)

/* Readings of the counter on different CPUs, and of memory beside it, are out of order by less: 27 us at 2.4 GHz. */
#define FFNTP_STEADY_DISORDER_TICKS (UINT64_C(1) << 16)

/* --- clock --- */

/*
 * How far the counter may be behind the map, in units of 2^-64 s: 1 ms. The map is of a packet that came before; CPUs
 * differ by microseconds at most where a kernel keeps time by their counters. A counter that is further back was set
 * back.
 */
#define FFNTP_BEHIND_LIMIT (UINT64_MAX / 1000)

/* --- exchange --- */

/* A server may read receive and transmit from two clocks, and rounds each: te may lie this much before tb (s). */
#define FFNTP_SERVER_ORDER_S 1e-6

/*
 * Round trips beyond this are no measurement; more likely the counter jumped while we waited (s). RFC 5905's MAXDISP.
 */
#define FFNTP_MAX_RTT_S 16.0

/* --- grain --- */

/* Steps of servers' clocks that are looked for by name (grain.c); any other is fitted. */
#define FFNTP_GRAIN_KNOWN 32

/*
 * Likelihood ratio that proves a step: a fine clock reaches it in one exchange of as many. 34 steps of two kinds are
 * looked for, so in 10^5 exchanges fewer than one server in 10^9 is mistaken.
 */
#define FFNTP_GRAIN_PROOF 1e16

/* ... and the most that is remembered of it. */
#define FFNTP_GRAIN_MOST 1e20

/* A step matters where it is this many times the precision that the server states (ratio): less is rounding. */
#define FFNTP_GRAIN_COARSER 2.0

/* Steps below this (s) are not looked for, because delays differ by more. */
#define FFNTP_GRAIN_LEAST_S 0x1p-14

/* Times of servers that keep whole microseconds are off exact steps by less (s): two of them, each rounded. */
#define FFNTP_GRAIN_SLACK_S 2e-6

/* Faults of servers, of all exchanges that no delay explains: one in this many (ratio). */
#define FFNTP_GRAIN_FAULTS 16.0

/* A time that is further off a fitted step, in steps, does not lie on it. */
#define FFNTP_GRAIN_FIT 0.0625

/* Rates of servers change by less than this from one exchange to the next (ratio); fitted steps change with them. */
#define FFNTP_GRAIN_RATE 1e-6

/* The length that a fitted step was measured over counts less by this with each exchange (ratio). */
#define FFNTP_GRAIN_FADE 0.0625

/* A step shows itself where the server's clock and the counter differ by this share of it. */
#define FFNTP_GRAIN_WIDE 0.125

/* Steps up to this (s) are taken before they have shown themselves: 1/50 s is the longest tick of a kernel. */
#define FFNTP_GRAIN_TICK_S 0.021

/* A multiple of what explains the times is taken when times lie on it by chance only once in this many. */
#define FFNTP_GRAIN_MULTIPLE 1e9

/* ... of which a difference that neither delays nor that step explain is a server's fault once in this many. */
#define FFNTP_GRAIN_BEYOND 1e3

/* Steps that differ by less are the same (ratio): no clock's rate is further off. */
#define FFNTP_GRAIN_SAME 1e-3

/*
 * A step is given up after this many exchanges whose times do not lie on it, or a sixteenth as many whose residence
 * disproves it: then another machine answers behind the same address.
 */
#define FFNTP_GRAIN_DOUBT 256
#define FFNTP_GRAIN_DISPROOF 16

/* --- bound --- */

/*
 * What a port's stamps may be wrong by (s): a bracket around CLOCK_REALTIME is 26 to 28 ns wide, and NTP's unit is 0.2
 * ns.
 */
#define FFNTP_STAMPING_ERROR_S 50e-9

/*
 * Rates that differ by no more (ratio) are one crystal's, without compensation, over the range of temperatures that
 * computers work in. Beyond it the counter itself is in doubt: another machine's, or set by its host.
 */
#define FFNTP_WANDER_LIMIT 20e-6

/*
 * Rates less than this apart (s), or this number of exchanges, lie in one band as wide as max_drift; no rate is proven
 * by a baseline that exceeds both. A month: crystals age by 0.1 ppm in it, and what their temperature does it does
 * within a day. Exchanges, because each baseline of N leaves an error of one round trip / N at the end of a poll
 * interval.
 */
#define FFNTP_RATE_MEMORY_S (30 * 86400.0)
#define FFNTP_RATE_MEMORY_EXCHANGES 128

/*
 * Averages further apart than this share of the band (ratio) come from a counter that is about to leave it, as one that
 * ages does: the oldest are forgotten before the range would be false. The rest of the band is what such a counter
 * goes on by until newer averages show it.
 */
#define FFNTP_RATE_BAND_SHARE 0.75

/* --- strain --- */

/*
 * Exchanges in a row that reach beyond one side of the bound alone, before it is taken to be false. Queues make one do
 * that while the bound is of few exchanges, and hardly ever five. A bound that a wrong rate moves is found while half
 * of a round trip still hides the error: 40 ppm polled every 128 s take 26 ms.
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

/* Exchanges over which the mean of the queues is formed. */
#define FFNTP_STRAIN_MEMORY 64

/* --- estimator --- */

/*
 * Standard deviation of the clock's error that an asymmetric path makes, as a share of the path's least round trip. No
 * exchange reveals how the least round trip divides into its two directions; the clock assumes halves, and is wrong by
 * half of the difference. Of measured Internet paths that difference is 1.4 % of the least round trip in the median and
 * 4 % at 90 %, so the clock's error is 0.7 % and 2 %. The normal distribution with that 90 % has a standard deviation
 * of 1.22 % of the least round trip (its median would be 0.82 %: the paths have a longer tail); Student's t, which has
 * both quantiles at 4.2 degrees of freedom, has 1.32 %, and 95 % of its values within two of these 1.3 %.
 */
#define FFNTP_ASYMMETRY_SHARE 0.013

/* --- dissent --- */

/*
 * Exchanges that contradict the clock and agree with one another for this long (s) are believed: then the clock was
 * wrong, because its counter jumped, or because it believed a wrong server. Servers that lose their reference, are
 * restarted or follow a bad source of their own mostly mend within minutes; a crystal that coasts for half an hour is
 * off by some 50 us, and by 2 ms at most.
 */
#define FFNTP_DISSENT_PERSIST_S 1800.0

/* ... if there are at least as many of them, so that two packets half an hour apart do not decide. */
#define FFNTP_DISSENT_EXCHANGES 8

/*
 * A clock that fewer exchanges agreed with, two bursts, has no longer story than a candidate: more that agree with one
 * another win at once. One bad reply among the first may agree with some good ones at a wrong rate.
 */
#define FFNTP_DISSENT_YOUNG 16

/*
 * An exchange agrees with a candidate if they have this share of the narrower interval in common (ratio). Exchanges of
 * one time contain the least delays of both directions, and share nearly all; those of two times share anything.
 */
#define FFNTP_DISSENT_OVERLAP 0.5

/* Where the counter may stop or jump without notice, as a guest's does, a burst that agrees with itself is enough. */
#define FFNTP_DISSENT_JUMP_EXCHANGES 3

/*
 * Exchanges in a row that prove another rate than the clock's: the counter's rate has changed. A server that steps
 * shows the old rate from its second exchange on.
 */
#define FFNTP_DISSENT_RATE_EXCHANGES 3

/*
 * Steps in a row from one dissenting exchange to the next that contradict each rate of the hint and fit one other: the
 * counter's rate has changed to that. Three steps of a server that jumps at random do not line up.
 */
#define FFNTP_DISSENT_ALIGNED_STEPS 3

/* --- radclock: after Veitch, Ridoux, Korada 2009 (TON09) and RADclock 2012, temperature quality "good" --- */

/* What a host's timestamps are off by at worst in normal operation (s): RADclock's TSLIMIT. */
#define FFNTP_RADCLOCK_NOISE_S 15e-6

/* So long (s) an oscillator has one rate, its local rate: beyond, wander exceeds noise. RADclock's SKM_SCALE. */
#define FFNTP_RADCLOCK_SCALE_S 1024.0

/* No two local rates differ by more (ratio), day and night. RADclock's RateErrBOUND. */
#define FFNTP_RADCLOCK_RATE_BOUND 5e-7

/* How fast a stamp loses worth with age (s/s). RADclock's BestSKMrate. */
#define FFNTP_RADCLOCK_AGEING 2e-7

/* Below this least round trip (s) a server is near, and its path quiet: thresholds are tighter. RADclock. */
#define FFNTP_RADCLOCK_NEAR_S 3e-3

/* The least round trip has shifted when it differs by more (s). RADclock's Eshift = 10 noise, 3 of that if far. */
#define FFNTP_RADCLOCK_SHIFT_NEAR_S (10 * FFNTP_RADCLOCK_NOISE_S)
#define FFNTP_RADCLOCK_SHIFT_FAR_S (3 * FFNTP_RADCLOCK_SHIFT_NEAR_S)

/*
 * Upwards it has shifted when every stamp says so for this long (s): what a rate error of 1e-7 makes of Eshift.
 * And so many stamps, of which by chance one at least would have been quick: RADclock's shift_win, at least 100.
 * Where polls are so rare that they would take longer than the local rate's whole span, that span is enough.
 */
#define FFNTP_RADCLOCK_SHIFT_WINDOW_S (FFNTP_RADCLOCK_SHIFT_NEAR_S / 1e-7)
#define FFNTP_RADCLOCK_SHIFT_STAMPS 100

/*
 * ... of which this share is within a shift of the quickest: a path has a floor that is touched often, a queue has
 * none.
 */
#define FFNTP_RADCLOCK_SHIFT_SHARE 0.05

/* Local rate: between the quickest stamps of two windows, each as wide as the scale (s). RADclock's process_plocal. */
#define FFNTP_RADCLOCK_NEAR_WINDOW_S FFNTP_RADCLOCK_SCALE_S
#define FFNTP_RADCLOCK_FAR_YOUNGEST_S (5.5 * FFNTP_RADCLOCK_SCALE_S)
#define FFNTP_RADCLOCK_FAR_OLDEST_S (6.5 * FFNTP_RADCLOCK_SCALE_S)

/* A local rate worse than this (ratio) does not replace an older one. RADclock's plocal_quality. */
#define FFNTP_RADCLOCK_LOCAL_QUALITY 8e-7

/* A local rate older than half its span is no better than the average (s). IMC04, section 6.1. */
#define FFNTP_RADCLOCK_LOCAL_STALE_S (2.5 * FFNTP_RADCLOCK_SCALE_S)

/* No rate, local or average, changes by more from one stamp to the next (ratio). RADclock's Ep_sanity. */
#define FFNTP_RADCLOCK_RATE_SANITY (3 * FFNTP_RADCLOCK_RATE_BOUND)

/*
 * A rate that is refused for so long (s) is believed: then the oscillator did change. Longer than the local rate's
 * span, within which a path that changed one way looks like another rate.
 */
#define FFNTP_RADCLOCK_RATE_PERSIST_S (7.5 * FFNTP_RADCLOCK_SCALE_S)

/* ... if there were so many at least. */
#define FFNTP_RADCLOCK_PERSIST_STAMPS 4

/*
 * A clock that no stamp agrees with for so long (s) is wrong, in rate too. Long after a client has decided (dissent).
 */
#define FFNTP_RADCLOCK_LOST_S (2 * FFNTP_DISSENT_PERSIST_S)

/* Warm-up (s): the local rate's windows filled, and one more. RADclock's warmup_win: 480 stamps of 16 s. */
#define FFNTP_RADCLOCK_WARMUP_S (7.5 * FFNTP_RADCLOCK_SCALE_S)

/* ... and so many stamps at least, or the floor has not been seen, nor a stamp to measure all rates from. */
#define FFNTP_RADCLOCK_WARMUP_STAMPS 32

/* While warming up, rates are between the first and the last part of all there is. RADclock's warmup_winratio. */
#define FFNTP_RADCLOCK_WARMUP_SHARE 0.25

/* By how much the average rate of half a week may differ from that of the next (ratio). RADclock's Ep_qual. */
#define FFNTP_RADCLOCK_PERIOD_QUALITY (FFNTP_RADCLOCK_RATE_BOUND / 5)

/* The average rate and the floor forget what is older than a week, half a week at a time (s). RADclock's top_win. */
#define FFNTP_RADCLOCK_HALF_WINDOW_S (604800.0 / 2)

/* For so long (s) after half a week the stamp is sought that the next week is measured from. RADclock's jsearch_win. */
#define FFNTP_RADCLOCK_SEARCH_S FFNTP_RADCLOCK_WARMUP_S

/* Width of the offset's weights (s): exp(-(error / width)^2). RADclock's Eoffset = offset_ratio noise. */
#define FFNTP_RADCLOCK_OFFSET_WIDTH_S (6 * FFNTP_RADCLOCK_NOISE_S)

/* The offset is that of stamps no older than this (s). RADclock's offset_win. */
#define FFNTP_RADCLOCK_OFFSET_WINDOW_S FFNTP_RADCLOCK_SCALE_S

/* If the best stamp's error exceeds this (s), the estimate before it counts as well. RADclock's Eoffset_qual. */
#define FFNTP_RADCLOCK_OFFSET_QUALITY_NEAR_S (3 * FFNTP_RADCLOCK_OFFSET_WIDTH_S)
#define FFNTP_RADCLOCK_OFFSET_QUALITY_FAR_S (2 * FFNTP_RADCLOCK_OFFSET_QUALITY_NEAR_S)

/*
 * An offset is sane within this of what the clock predicts (s), and so much more for every second since the clock was
 * last set (s/s): more than any oscillator's sudden change of rate. RADclock's Eoffset_sanity_min and _rate.
 */
#define FFNTP_RADCLOCK_SANITY_S (100 * FFNTP_RADCLOCK_NOISE_S)
#define FFNTP_RADCLOCK_SANITY_RATE (20 * FFNTP_RADCLOCK_RATE_BOUND)

/* A rate's standard deviation, of what its stamps' excesses allow: a middle is off by half of the excess at most. */
#define FFNTP_RADCLOCK_RATE_SIGMA 0.5

/* Between two estimates that the estimated error is learnt from (s): the window has changed by a sixteenth. */
#define FFNTP_RADCLOCK_SPREAD_S (FFNTP_RADCLOCK_OFFSET_WINDOW_S / 16)

/* How many of them are remembered: about an hour's. */
#define FFNTP_RADCLOCK_SPREAD_ESTIMATES 64.0

/* So many stamps' worth the past counts beside those in the window, when their variance is asked for. */
#define FFNTP_RADCLOCK_SPREAD_PRIOR 8.0

/*
 * Leverage (s^2) below which slopes say nothing of the rate: one pair of stamps an eighth of the window apart. With
 * rare stamps there is none, and what one estimate differs from the next tells it all.
 */
#define FFNTP_RADCLOCK_SPREAD_LEVERAGE_S2 (FFNTP_RADCLOCK_OFFSET_WINDOW_S / 8 * (FFNTP_RADCLOCK_OFFSET_WINDOW_S / 8))

/* Stamps of a burst (client.h: burst), which come closer together than the poll interval says. */
#define FFNTP_RADCLOCK_BURST_STAMPS 32

/* The history's bounds in stamps: below the first warm-up finds nothing to choose from, above it memory is wasted. */
#define FFNTP_RADCLOCK_HISTORY_LEAST 128
#define FFNTP_RADCLOCK_HISTORY_MOST 65536

/* --- client --- */

/* Eras are told apart by a date within 68 years of the truth; without a better one this will do (2026-01-01). */
#define FFNTP_BUILD_S INT64_C(1767225600)

/*
 * How far the period may be off after the counter was disrupted (ratio): another machine's crystal, same nominal rate.
 */
#define FFNTP_DISRUPTED_PERIOD_ERROR 100e-6

/* A saved period ages while nobody watches it (ratio): what temperature does to a crystal from one hour to another. */
#define FFNTP_SAVED_PERIOD_ERROR 0.5e-6

/*
 * Promises are fitted for so many poll intervals ahead: the next map comes after one, or two if a packet is lost, and a
 * round trip.
 */
#define FFNTP_PROMISE_POLLS 2.5

/*
 * A promise that would move the clock by more than so many of its standard deviations was false. The errors of an
 * estimator have longer tails than a Gaussian's, and a promise broken is worse than a clock moved.
 */
#define FFNTP_PROMISE_SIGMAS 6.0

/*
 * An estimate that is outside of where truth must lie by more than so many of its standard deviations is of an
 * estimator that explains what it saw by what was not so: one in a million by chance, and it costs little.
 */
#define FFNTP_DISPROOF_SIGMAS 5.0

/* After so many exchanges an estimator's word about itself is taken: a burst's worth. */
#define FFNTP_TRUST_EXCHANGES 8

/* A map is void after so many poll intervals without a word from its keeper, and not before FFNTP_VOID_S (s). */
#define FFNTP_VOID_POLLS 8.0
#define FFNTP_VOID_S 1000.0

/* --- leap --- */

/* So near to a leap second (s) the core's own time is asked which second a server's is: some step late, or early. */
#define FFNTP_LEAP_NEAR_S 2

/* ... which is looked for so far beyond where the bound has it (s): it may be a bad server's. */
#define FFNTP_LEAP_MARGIN_S 0.1

/* An announcement that comes later than this before a leap second (s) is none, ... */
#define FFNTP_LEAP_LATEST_S 2

/* ... and one is not taken back later than this (s): by then some servers have ceased to announce what they do. */
#define FFNTP_LEAP_FINAL_S 60

/*
 * Leap seconds at the end of other months than June and December, which ITU-R TF.460 prefers and there have been no
 * others, are believed of so many servers or more, if they all announce it.
 */
#define FFNTP_LEAP_UNANIMOUS 3

/* A server is off by one second, and nothing else, if it is so near to one (s). */
#define FFNTP_LEAP_TOLERANCE_S 0.25

/*
 * A server that is off by one second in the eyes of a table is believed after this, rather than after DISSENT_PERSIST_S
 * (s): the table may be wrong, but servers that miss a leap second are more common.
 */
#define FFNTP_LEAP_PERSIST_S 86400.0

/* --- smear --- */

/*
 * A smear is told from what the clock may be wrong by itself when it should be so many times as large: a quarter of
 * an hour after noon where the round trip is 4 ms.
 */
#define FFNTP_SMEAR_SURE 2.0

/*
 * ... and a server smears if it is behind by this share of it at least, and no more beyond it: smears are of 20 to 24
 * hours.
 */
#define FFNTP_SMEAR_SHARE 0.4

/* The line of before is taken anew at least so often (s). */
#define FFNTP_SMEAR_LINE_S 600.0

/* --- polling --- */

/* Wait for a reply (s): longer than any path that can measure microseconds, and than most that cannot. */
#define FFNTP_REPLY_TIMEOUT_S 4.0

/* Between requests of a burst (s): what servers that limit rates allow (chrony's and ntpd's iburst). */
#define FFNTP_BURST_INTERVAL_S 2.0

/*
 * Adaptive polling waits until the clock is this many times as uncertain as what an exchange tells by itself (ratio):
 * at 1 an exchange halves the variance. Asking more often buys little, less often loses what the clock knew.
 */
#define FFNTP_ADAPTIVE_RATIO 1.4

/*
 * Adaptive intervals grow by no more than this from one to the next (ratio): what an estimator says of an interval it
 * has not tried rests on a path it has hardly seen. From 16 s to 1024 s takes 14 exchanges.
 */
#define FFNTP_ADAPTIVE_GROWTH 1.35

/* Waits grow by this (ratio) between a burst and the interval: the rate is as uncertain as the burst was short. */
#define FFNTP_TAPER 1.35

/*
 * Requests in a row that brought no time, answered or not: the clock is free-running; and: another server, or another
 * address, may do better.
 */
#define FFNTP_UNANSWERED_FREE_RUNNING 4
#define FFNTP_UNANSWERED_CHANGE 8

/* Replies at an interval that a kiss-o'-death asked for, before a shorter one is tried again. */
#define FFNTP_KISS_DECAY_REPLIES 64

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

/* Exchanges that a window's slope is shrunk by: the mean of a few delays says little of it. */
#define FFNTP_LAW_SLOPE_PRIOR 3.0

/* Change of the logarithm of the density within one bin, at most: a bin's ends must not be extrapolated to. */
#define FFNTP_LAW_SLOPE_MOST 2.0

/*
 * This many exchanges are spread evenly over TAIL_WIDTH scales: no delay is impossible, and delays far out say
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

/*
 * What is thought of an exponent before its delays are looked at: log-normal, with this median and standard
 * deviation (nepers) ...
 */
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

/* Relative difference of the two spreads above the least delays that says nothing yet of unlike laws. */
#define FFNTP_LAW_UNLIKE_LEAST 0.4

/* By how much more than it says the floors' difference is off (ratio): tails are not powers. */
#define FFNTP_LAW_GAUGE_MODESTY 1.4

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

/* A law of n exchanges counts as n / (n + YOUNG): its noise is false information. */
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
/* drift of both floors */

/* Exchanges over which a common shift of both laws is followed. */
#define FFNTP_LAW_DRIFT_EXCHANGES 100.0

/* Log-likelihood ratio at which both laws are moved ... */
#define FFNTP_LAW_DRIFT_SCORE 14.0

/* ... of which each must have this, or it is the clock that is off, ... */
#define FFNTP_LAW_DRIFT_EACH 4.0

/* ... and which loses this at each exchange. */
#define FFNTP_LAW_DRIFT_PRICE 0.02
/* changes */

/* A trial opens when the mean rank of some 4 delays differs from 1/2 by this, ... */
#define FFNTP_LAW_FAST_RANK 0.34

/* ... or that of some 16 by this: 3.3 standard deviations of independent delays; ... */
#define FFNTP_LAW_SLOW_RANK 0.18

/* ... if some cause has at least this score (log-likelihood ratio to "nothing changed", price included). */
#define FFNTP_LAW_OPEN_SCORE -11.0

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
#define FFNTP_LAW_CLOSE_SCORE -6.0
#define FFNTP_LAW_CONGESTED_SCORE 2.0

/* A cause is certain when its score exceeds all others by this, ... */
#define FFNTP_LAW_LEAD_SCORE 4.0

/* (a step of the server's time: exchanges are refused from then on) ... */
#define FFNTP_LAW_TIME_SCORE 4.0

/* ... after this many exchanges for a rate, ... */
#define FFNTP_LAW_RATE_EXCHANGES 8.0

/* ... after this many for a path: until then the step's size is learnt. */
#define FFNTP_LAW_PATH_EXCHANGES 48.0

/* A trial that is undecided after this many exchanges ends. */
#define FFNTP_LAW_TRIAL_EXCHANGES 64.0

/* After an undecided trial the next waits for 16 exchanges or more, until this many have passed without one. */
#define FFNTP_LAW_PATIENCE_EXCHANGES 100.0
/* what is put out */

/*
 * By how much more than it says the clock is off (ratio): approximating by Gaussians makes it surer than it ought
 * to be.
 */
#define FFNTP_LAW_MODESTY 1.1

/* Exchanges after which half of the doubt is gone that the variance is twice what the clock says. */
#define FFNTP_LAW_LEARNT 100.0

/* The stable period is the average over so long (s), older times fading: a day evens out day and night. */
#define FFNTP_LAW_STABLE_S 86400.0

/* Of a path that has shown one round trip, the mean delay above the floor is likely to be a few percent of it. */
#define FFNTP_LAW_NOISE_GUESS (1 / 30.0)

/* Timestamps have jitter of their own, and are rounded (s): no path's noise is taken to be less. */
#define FFNTP_LAW_NOISE_LEAST_S 25e-9

#endif
