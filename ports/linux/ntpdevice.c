/* ntpdevice: the device of linuxdevice.h with a client of its own, run by a thread or by the program's event loop. */
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "../../core/device.h"
#include "leapfile.h"
#include "linuxdevice.h"
#include "sync.h"
#include "thread.h"

#define NTP_PORT 123

/* Between steps of a device that is not connected (ms). */
#define UNCONNECTED_MS 1000

struct ffntp_linux_ntp {
	struct ffntp_page page;
	struct ffntp_counter_source source;
	struct ffntp_leap_table leap_table;
	struct ffntp_wakeup wakeup;
	struct ffntp_sync sync;
	int stop; /* an eventfd; -1 without a thread */
	pthread_t thread;
};

void ffntp_linux_ntp_config_init(struct ffntp_linux_ntp_config *config, const char *const *servers, size_t server_count)
{
	*config = (struct ffntp_linux_ntp_config){
		.servers = servers,
		.server_count = server_count,
		.poll_min_s = 16,
		.poll_max_s = 1024,
	};
}

static struct ffntp_linux_ntp_device *ntp_device(struct ffntp_device *device)
{
	return (struct ffntp_linux_ntp_device *)device; /* every NTP device begins with this device */
}

/* --- opening --- */

static const char *open_servers(const struct ffntp_linux_ntp_config *config, struct ffntp_lineup *lineup)
{
	struct ffntp_server_name names[FFNTP_SERVERS_MAX];
	int64_t now_s = ffntp_sync_now_s();
	const char *problem;

	if (config->server_count < 1 || config->server_count > FFNTP_SERVERS_MAX)
		return "one to eight servers are needed";
	for (size_t i = 0; i < config->server_count; i++)
		names[i] = (struct ffntp_server_name){ .name = config->servers[i], .port = NTP_PORT };
	if (!ffntp_lineup_init_single(lineup, names, config->server_count))
		return "out of memory";
	ffntp_lineup_open(lineup, now_s);
	if (ffntp_servers_wait(&lineup->server->servers, now_s))
		return NULL;
	problem = lineup->server->servers.lookup[0].problem;
	ffntp_lineup_close(lineup);
	return problem;
}

static void configure(struct ffntp_linux_ntp *ntp, const struct ffntp_linux_ntp_config *config,
		      struct ffntp_client_config *client)
{
	ffntp_peer_config_default(client, &ntp->source);
	client->estimator = config->estimator;
	client->poll_min_s = config->poll_min_s;
	client->poll_max_s = config->poll_max_s;
	client->poll_is_adaptive = config->poll_min_s < config->poll_max_s;
	/* Without a table TAI is unknown, and leap seconds are taken from the server's announcements. */
	if (ffntp_leapfile_read(FFNTP_LEAPFILE_DEFAULT, &ntp->leap_table) == NULL)
		client->leap_table = &ntp->leap_table;
}

static const char *open_sync(struct ffntp_linux_ntp *ntp, const struct ffntp_linux_ntp_config *config,
			     struct ffntp_lineup *lineup)
{
	const char *problem = ffntp_counter_open(&ntp->source, config->counter_kind);
	struct ffntp_ensemble_config ensemble = { .members = 1 };
	struct ffntp_sync_parts parts = { &ensemble, &ntp->source, &ntp->page,   lineup, NULL,
					  NULL,      NULL,         &ntp->wakeup, NULL };

	if (problem != NULL)
		return problem;
	configure(ntp, config, &ensemble.client);
	lineup->server->member.client = ensemble.client;
	if (ffntp_client_memory(&ensemble.client) == 0) {
		ffntp_counter_close(&ntp->source);
		return "poll intervals must be 1 to 131072 s, the shortest first, or the estimator is unknown";
	}
	ffntp_page_format(&ntp->page, &ntp->source.identity);
	if (!ffntp_sync_open(&ntp->sync, &parts)) {
		ffntp_counter_close(&ntp->source);
		return "out of memory";
	}
	ffntp_wakeup_open(&ntp->wakeup, &ntp->source);
	ffntp_sync_publish(&ntp->sync);
	return NULL;
}

static const char *open_clock(struct ffntp_linux_ntp *ntp, const struct ffntp_linux_ntp_config *config)
{
	struct ffntp_lineup lineup;
	const char *problem = open_servers(config, &lineup);

	if (problem != NULL)
		return problem;
	problem = open_sync(ntp, config, &lineup);
	if (problem != NULL)
		ffntp_lineup_close(&lineup);
	return problem;
}

static void free_ntp(struct ffntp_linux_ntp_device *self)
{
	ffntp_sync_close(&self->ntp->sync);
	ffntp_wakeup_close(&self->ntp->wakeup);
	ffntp_counter_close(&self->ntp->source);
	free(self->ntp);
	self->ntp = NULL;
	self->over_page.over_page.page = self->over_page.reader.page = NULL;
}

/* Readings use the same path as those of a daemon's page. */
static const char *open_ntp(struct ffntp_linux_ntp_device *self)
{
	struct ffntp_linux_ntp *ntp = calloc(1, sizeof(*ntp));
	const char *problem = ntp == NULL ? "out of memory" : open_clock(ntp, &self->config);

	if (problem != NULL) {
		free(ntp);
		return problem;
	}
	ntp->stop = -1;
	self->ntp = ntp;
	self->over_page.over_page.page = &ntp->page;
	self->over_page.reader = (struct ffntp_linux_reader){
		.page = &ntp->page,
		.counter_kind = ntp->source.kind,
		.offsets = ntp->source.offsets,
	};
	return ffntp_page_device_connect(ffntp_linux_ntp_clock(self));
}

static const char *connect_loop(struct ffntp_device *device)
{
	return open_ntp(ntp_device(device));
}

static void disconnect_loop(struct ffntp_device *device)
{
	free_ntp(ntp_device(device));
}

/* --- the thread --- */

/* The results of the background's name resolution are looked for, and signs of a disruption. */
static int step_ms(const struct ffntp_linux_ntp *ntp)
{
	return ffntp_sync_timeout_ms(&ntp->sync, ffntp_wakeup_period_ms(&ntp->wakeup));
}

/* Without its counter the clock has ended: only the device's end is awaited. */
static int timeout_ms(const struct ffntp_linux_ntp *ntp)
{
	return ntp->sync.is_lost ? -1 : step_ms(ntp);
}

static void *keep(void *context)
{
	struct ffntp_linux_ntp *ntp = context;

	for (;;) {
		struct pollfd waiting[1 + FFNTP_SYNC_DESCRIPTORS + FFNTP_WAKEUP_DESCRIPTORS] = { { .fd = ntp->stop,
												   .events = POLLIN } };
		size_t count = ffntp_sync_descriptors(&ntp->sync, waiting + 1);
		size_t more = ffntp_wakeup_descriptors(&ntp->wakeup, waiting + 1 + count);
		int ready = poll(waiting, (nfds_t)(1 + count + more), timeout_ms(ntp));

		if (ready > 0 && waiting[0].revents != 0)
			return NULL;
		if (ready > 0)
			ffntp_wakeup_rearm(&ntp->wakeup, waiting + 1 + count, more);
		ffntp_sync_step(&ntp->sync, waiting + 1, ready > 0 ? count : 0);
	}
}

static bool start(struct ffntp_linux_ntp *ntp)
{
	int error;

	ntp->stop = eventfd(0, EFD_CLOEXEC);
	if (ntp->stop < 0)
		return false;
	error = ffntp_thread_start(&ntp->thread, keep, ntp);
	if (error != 0)
		close(ntp->stop);
	return error == 0;
}

static const char *connect_thread(struct ffntp_device *device)
{
	struct ffntp_linux_ntp_device *self = ntp_device(device);
	const char *problem = open_ntp(self);

	if (problem != NULL || start(self->ntp))
		return problem;
	free_ntp(self);
	return "a thread cannot be started";
}

static void disconnect_thread(struct ffntp_device *device)
{
	struct ffntp_linux_ntp_device *self = ntp_device(device);

	(void)eventfd_write(self->ntp->stop, 1); /* it cannot fail, because its counter is 0 */
	pthread_join(self->ntp->thread, NULL);
	close(self->ntp->stop);
	free_ntp(self);
}

/* --- the two kinds --- */

static void init(struct ffntp_linux_ntp_device *device, const struct ffntp_linux_ntp_config *config,
		 const struct ffntp_device_ops *ops)
{
	*device = (struct ffntp_linux_ntp_device){ .config = *config };
	ffntp_linux_page_device_init(&device->over_page, NULL);
	ffntp_linux_ntp_clock(device)->ops = ops;
}

void ffntp_linux_ntp_device_init(struct ffntp_linux_ntp_device *device, const struct ffntp_linux_ntp_config *config)
{
	static const struct ffntp_device_ops ops = {
		.connect = connect_thread,
		.disconnect = disconnect_thread,
		FFNTP_PAGE_DEVICE_READS,
		.now = ffntp_linux_page_device_now,
	};

	init(device, config, &ops);
}

void ffntp_linux_loop_device_init(struct ffntp_linux_ntp_device *device, const struct ffntp_linux_ntp_config *config)
{
	static const struct ffntp_device_ops ops = {
		.connect = connect_loop,
		.disconnect = disconnect_loop,
		FFNTP_PAGE_DEVICE_READS,
		.now = ffntp_linux_page_device_now,
	};

	init(device, config, &ops);
}

/* --- for the event loop --- */

int ffntp_linux_loop_descriptor(const struct ffntp_linux_ntp_device *device)
{
	struct pollfd waiting = { .fd = -1 };

	if (device->ntp != NULL)
		(void)ffntp_sync_descriptors(&device->ntp->sync, &waiting);
	return waiting.fd;
}

int ffntp_linux_loop_timeout_ms(const struct ffntp_linux_ntp_device *device)
{
	return device->ntp != NULL ? step_ms(device->ntp) : UNCONNECTED_MS;
}

void ffntp_linux_loop_step(struct ffntp_linux_ntp_device *device, int revents)
{
	struct pollfd ready = { .fd = ffntp_linux_loop_descriptor(device), .revents = (short)revents };

	if (device->ntp != NULL)
		ffntp_sync_step(&device->ntp->sync, &ready, 1);
}
