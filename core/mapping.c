/* mapping: see mapping.h. */
#include "mapping.h"

#include "maths.h"

uint8_t ffntp_mapping_shift(double period_s)
{
	uint8_t shift = 0;

	while (shift < 62 && period_s * ffntp_power_of_two(64 + shift) < 0x1p62)
		shift++;
	return shift;
}

static uint64_t saturate(double value)
{
	if (!(value > 0))
		return 0;
	return value < 0x1p64 ? (uint64_t)value : UINT64_MAX;
}

uint64_t ffntp_mapping_period(double period_s, uint8_t shift)
{
	return saturate(period_s * ffntp_power_of_two(64 + shift) + 0.5);
}

double ffntp_mapping_period_s(uint64_t period, uint8_t shift)
{
	return (double)period / ffntp_power_of_two(64 + shift);
}

uint64_t ffntp_mapping_ns(double s)
{
	double ns = s * 1e9;
	uint64_t whole = saturate(ns);

	return whole < UINT64_MAX && (double)whole < ns ? whole + 1 : whole;
}

int64_t ffntp_mapping_signed_ns(double s)
{
	double ns = s * 1e9;

	if (!(ns > -0x1p63))
		return INT64_MIN;
	return ns < 0x1p63 ? (int64_t)ns : INT64_MAX;
}

struct ffntp_time ffntp_mapping_add(struct ffntp_time time, double s)
{
	double size = s < 0 ? -s : s;
	int64_t whole = (int64_t)size;
	uint64_t frac = (uint64_t)((size - (double)whole) * 0x1p64); /* the difference is exact, and below 1 */

	if (s < 0)
		return (struct ffntp_time){ time.s - whole - (time.frac < frac), time.frac - frac };
	return (struct ffntp_time){ time.s + whole + (time.frac + frac < frac), time.frac + frac };
}
