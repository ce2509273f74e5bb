#include "background.h"

#include <errno.h>
#include <time.h>
#include <unistd.h>

#include "../ports/linux/thread.h"

int ffntp_write_all(int descriptor, const char *bytes, size_t count)
{
	while (count > 0) {
		ssize_t written = write(descriptor, bytes, count);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return errno;
		bytes += written;
		count -= (size_t)written;
	}
	return 0;
}

/* --- the thread --- */

/* Wait for something to write. Returns false if the thread is to end. The mutex is locked. */
static bool await_work(struct ffntp_background *background)
{
	while (!background->is_busy && !background->is_over)
		pthread_cond_wait(&background->changed, &background->mutex);
	return background->is_busy;
}

static void *work(void *context)
{
	struct ffntp_background *background = context;

	pthread_mutex_lock(&background->mutex);
	while (await_work(background)) {
		int error;

		pthread_mutex_unlock(&background->mutex);
		error = ffntp_write_all(background->descriptor, background->bytes, background->count);
		pthread_mutex_lock(&background->mutex);
		background->error = error;
		background->is_busy = false;
		pthread_cond_broadcast(&background->changed);
	}
	pthread_mutex_unlock(&background->mutex);
	return NULL;
}

/* --- its user --- */

/* Waits are measured by a clock that nobody sets. */
bool ffntp_background_open(struct ffntp_background *background)
{
	pthread_condattr_t attributes;

	*background = (struct ffntp_background){ .descriptor = -1 };
	pthread_mutex_init(&background->mutex, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&background->changed, &attributes);
	pthread_condattr_destroy(&attributes);
	return ffntp_thread_start(&background->thread, work, background) == 0;
}

void ffntp_background_write(struct ffntp_background *background, int descriptor, const char *bytes, size_t count)
{
	pthread_mutex_lock(&background->mutex);
	background->descriptor = descriptor;
	background->bytes = bytes;
	background->count = count;
	background->is_busy = true;
	pthread_cond_broadcast(&background->changed);
	pthread_mutex_unlock(&background->mutex);
}

static struct timespec monotonic_in(long ms)
{
	struct timespec end;
	long ns;

	clock_gettime(CLOCK_MONOTONIC, &end);
	ns = end.tv_nsec + ms % 1000 * 1000000;
	end.tv_sec += ms / 1000 + ns / 1000000000;
	end.tv_nsec = ns % 1000000000;
	return end;
}

bool ffntp_background_wait(struct ffntp_background *background, long limit_ms)
{
	const struct timespec end = monotonic_in(limit_ms);
	bool is_idle;
	int error = 0;

	pthread_mutex_lock(&background->mutex);
	while (background->is_busy && error == 0)
		error = pthread_cond_timedwait(&background->changed, &background->mutex, &end);
	is_idle = !background->is_busy;
	pthread_mutex_unlock(&background->mutex);
	return is_idle;
}

int ffntp_background_error(const struct ffntp_background *background)
{
	return background->error;
}

void ffntp_background_close(struct ffntp_background *background)
{
	pthread_mutex_lock(&background->mutex);
	background->is_over = true;
	pthread_cond_broadcast(&background->changed);
	pthread_mutex_unlock(&background->mutex);
	pthread_join(background->thread, NULL);
	pthread_cond_destroy(&background->changed);
	pthread_mutex_destroy(&background->mutex);
}
