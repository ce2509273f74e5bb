/* background: writes a buffer to a file in a thread, because a disk may take any time, or never answer. */
#ifndef FFNTP_DAEMON_BACKGROUND_H
#define FFNTP_DAEMON_BACKGROUND_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

/* Private. */
struct ffntp_background {
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	bool is_busy, is_over;
	int descriptor;
	const char *bytes;
	size_t count;
	int error;
};

/* Start the thread, in which all signals are blocked. Returns false if that failed; then there is nothing to close. */
bool ffntp_background_open(struct ffntp_background *background);

/* Begin to write a buffer; the thread is not busy. The buffer and the file must stay until it is idle again. */
void ffntp_background_write(struct ffntp_background *background, int descriptor, const char *bytes, size_t count);

/* Wait for the end of the write, at most this time. Returns whether the thread is idle. */
bool ffntp_background_wait(struct ffntp_background *background, long limit_ms);

/* Return the error of the last write, 0 if there was none; the thread is idle. */
int ffntp_background_error(const struct ffntp_background *background);

/* End the thread, which is idle. */
void ffntp_background_close(struct ffntp_background *background);

/* Write all of a buffer here and now. Returns 0, or the error. Async-signal-safe. */
int ffntp_write_all(int descriptor, const char *bytes, size_t count);

#endif
