/* processor: see processor.h. Contains the instructions that C cannot express. */
#include "processor.h"

#if defined(__x86_64__)

/* CPUID 1, ECX bit 30. */
static bool has_rdrand(void)
{
	uint32_t a = 1, b, c = 0, d;

	__asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
	return (c >> 30 & 1) != 0;
}

/* Intel recommends ten tries; more failures mean that the generator is broken. */
static bool draw(uint64_t *bits)
{
	for (int i = 0; i < 10; i++) {
		bool is_valid;

		__asm__ volatile("rdrand %0" : "=r"(*bits), "=@ccc"(is_valid));
		if (is_valid)
			return true;
	}
	return false;
}

enum ffntp_counter_kind ffntp_processor_counter_kind(void)
{
	return FFNTP_COUNTER_TSC;
}

uint64_t ffntp_processor_counter(void)
{
	uint32_t low, high;

	__asm__ volatile("lfence\n\trdtsc\n\tlfence" : "=a"(low), "=d"(high) : : "memory");
	return (uint64_t)high << 32 | low;
}

uint64_t ffntp_processor_counter_hz(void)
{
	return 0;
}

#elif defined(__aarch64__)

/* ID_AA64ISAR0_EL1, which Linux processes may read, too. */
static bool has_rdrand(void)
{
	uint64_t features;

	__asm__ volatile("mrs %0, id_aa64isar0_el1" : "=r"(features));
	return features >> 60 != 0;
}

/* RNDR, which reports success in the flags. Encoded by number, because older assemblers do not know its name. */
static bool draw(uint64_t *bits)
{
	for (int i = 0; i < 10; i++) {
		uint64_t is_valid;

		__asm__ volatile("mrs %0, s3_3_c2_c4_0\n\tcset %1, ne" : "=r"(*bits), "=r"(is_valid) : : "cc");
		if (is_valid != 0)
			return true;
	}
	return false;
}

enum ffntp_counter_kind ffntp_processor_counter_kind(void)
{
	return FFNTP_COUNTER_ARM_VIRTUAL;
}

uint64_t ffntp_processor_counter(void)
{
	uint64_t count;

	__asm__ volatile("isb\n\tmrs %0, cntvct_el0" : "=r"(count) : : "memory");
	return count;
}

uint64_t ffntp_processor_counter_hz(void)
{
	uint64_t hz;

	__asm__ volatile("mrs %0, cntfrq_el0" : "=r"(hz));
	return hz;
}

#else
#error "this processor is not supported: add its counter and random instructions"
#endif

bool ffntp_processor_random(uint8_t *bytes, size_t length)
{
	uint64_t bits = 0;

	if (!has_rdrand())
		return false;
	for (size_t i = 0; i < length; i++) {
		if (i % 8 == 0 && !draw(&bits))
			return false;
		bytes[i] = (uint8_t)(bits >> i % 8 * 8);
	}
	return true;
}
