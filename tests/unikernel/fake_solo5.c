/* fake_solo5: Solo5's calls over the fake. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include <solo5.h>

#include "../../ports/solo5/port_solo5.h"
#include "fake.h"

static jmp_buf end;

const bool system_knows_what_left = true;

solo5_time_t solo5_clock_monotonic(void)
{
	return fake_monotonic_ns();
}

solo5_time_t solo5_clock_wall(void)
{
	return (uint64_t)fake_wall_s() * 1000000000u;
}

void solo5_yield(solo5_time_t deadline, solo5_handle_set_t *ready_set)
{
	assert_null(ready_set);
	if (!fake_rest(fake_wake_ns(deadline)))
		longjmp(end, 1);
}

void solo5_console_write(const char *buf, size_t size)
{
	fake_print(buf, size);
}

solo5_result_t solo5_net_acquire(const char *name, solo5_handle_t *handle, struct solo5_net_info *info)
{
	static const uint8_t mac[SOLO5_NET_ALEN] = { 2, 0, 0, 0, 0, 7 };

	if (fake.has_no_card || strcmp(name, "service") != 0)
		return SOLO5_R_EINVAL;
	*handle = 3;
	memcpy(info->mac_address, mac, sizeof mac);
	info->mtu = 1500;
	return SOLO5_R_OK;
}

solo5_result_t solo5_net_write(solo5_handle_t handle, const uint8_t *buf, size_t size)
{
	assert_int_equal(handle, 3);
	fake_transmit(buf, size);
	return fake.is_link_down ? SOLO5_R_EUNSPEC : SOLO5_R_OK;
}

solo5_result_t solo5_net_read(solo5_handle_t handle, uint8_t *buf, size_t size, size_t *read_size)
{
	assert_int_equal(handle, 3);
	*read_size = fake_receive(buf, size);
	return *read_size > 0 ? SOLO5_R_OK : SOLO5_R_AGAIN;
}

bool system_boot(char *command_line)
{
	const struct solo5_start_info info = { .cmdline = command_line };

	memset(&ffntp_solo5_page, 0, sizeof ffntp_solo5_page);
	if (setjmp(end) != 0)
		return true;
	assert_int_equal(solo5_app_main(&info), SOLO5_EXIT_FAILURE);
	return false;
}

struct ffntp_page *system_page(void)
{
	return &ffntp_solo5_page;
}
