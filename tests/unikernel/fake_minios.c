/* fake_minios: Mini-OS's calls over the fake. A frame arrives by an interrupt. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include <mini-os/os.h>
#include <mini-os/time.h>

#include "../../ports/minios/port_minios.h"
#include "fake.h"

char cmdline[1024];
const bool system_knows_what_left = false;

static struct {
	jmp_buf end;
	void (*thread)(void *);
	void *data;
	void (*receive)(unsigned char *data, int length);
	bool has_checksums;
} minios;

void printk(const char *format, ...)
{
	char text[FAKE_LINE];
	va_list arguments;

	va_start(arguments, format);
	assert_in_range(vsnprintf(text, sizeof text, format, arguments), 0, sizeof text - 1);
	va_end(arguments);
	fake_print(text, strlen(text));
}

uint64_t monotonic_clock(void)
{
	return fake_monotonic_ns();
}

/* Replaces libc's function. */
int gettimeofday(struct timeval *restrict now, void *restrict unused)
{
	assert_null(unused);
	*now = (struct timeval){ .tv_sec = fake_wall_s() };
	return 0;
}

/* Deliver the frames; during a flood, invalid ones too. */
static void interrupt(void)
{
	static unsigned char frame[65536];
	size_t length;

	while ((length = fake_receive(frame, sizeof frame)) > 0) {
		minios.receive(frame, (int)length);
		if (fake.flood == 0)
			continue;
		minios.receive(frame, 0);
		minios.receive(frame, -1);
		minios.receive(frame, sizeof frame);
	}
}

/* Sleep until the time has come. An interrupt does not end the sleep. */
void msleep(uint32_t milliseconds)
{
	int64_t until_ns = fake_wake_ns(fake_monotonic_ns() + milliseconds * UINT64_C(1000000));

	do {
		if (!fake_rest(until_ns))
			longjmp(minios.end, 1);
		if (minios.receive != NULL)
			interrupt();
	} while (fake.world.now_ns < until_ns);
}

struct thread *create_thread(char *name, void (*function)(void *), void *data)
{
	assert_string_equal(name, "ffntp");
	minios.thread = function;
	minios.data = data;
	return NULL;
}

char *xenbus_write(xenbus_transaction_t transaction, const char *path, const char *value)
{
	assert_int_equal(transaction, XBT_NIL);
	assert_string_equal(path, "device/vif/0/feature-no-csum-offload");
	assert_string_equal(value, "1");
	minios.has_checksums = true;
	return NULL;
}

struct netfront_dev *init_netfront(char *node, void (*receive)(unsigned char *data, int length), unsigned char mac[6],
				   char **address)
{
	static const unsigned char own[6] = { 2, 0, 0, 0, 0, 7 };

	assert_null(node);
	assert_true(minios.has_checksums);
	minios.receive = receive;
	memcpy(mac, own, sizeof own);
	*address = NULL;
	return fake.has_no_card ? NULL : (struct netfront_dev *)&minios;
}

void netfront_xmit(struct netfront_dev *device, unsigned char *data, int length)
{
	assert_ptr_equal(device, &minios);
	fake_transmit(data, (size_t)length);
}

/* app_main returns at once; then the thread runs. */
bool system_boot(char *command_line)
{
	memset(&minios, 0, sizeof minios);
	memset(&ffntp_minios_page, 0, sizeof ffntp_minios_page);
	strcpy(cmdline, command_line);
	assert_int_equal(app_main(NULL), 0);
	if (setjmp(minios.end) != 0)
		return true;
	minios.thread(minios.data);
	return false;
}

struct ffntp_page *system_page(void)
{
	return &ffntp_minios_page;
}
