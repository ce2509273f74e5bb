/*
 * assert: invariants, which hold whatever servers send, counters read and callers configure. Builds for testing define
 * FFNTP_ASSERTIONS and check them; in all others an assertion is compiled, so that it stays correct, but not evaluated.
 */
#ifndef FFNTP_CORE_ASSERT_H
#define FFNTP_CORE_ASSERT_H

#ifdef FFNTP_ASSERTIONS

/*
 * Report the failed assertion and stop the program. Each port that is built with assertions defines it; on Linux it is
 * in ports/linux/assertion.c. condition: the source text.
 */
_Noreturn void ffntp_assert_failed(const char *condition, const char *file, int line);

#define FFNTP_ASSERT(condition) ((condition) ? (void)0 : ffntp_assert_failed(#condition, __FILE__, __LINE__))

#else

#define FFNTP_ASSERT(condition) ((void)(0 && (condition)))

#endif

#endif
