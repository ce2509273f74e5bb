/* entropy: see entropy.h. */
#include "entropy.h"

#include "machine.h"
#include "../memory.h"
#include "virtio.h"
#include "virtiofind.h"

#define MOST 16

#if defined(__aarch64__)
#define PROCESSOR_RANDOM "RNDR"
#else
#define PROCESSOR_RANDOM "rdrand"
#endif

static struct virtio_device device;
static struct virtio_queue queue;
static bool has_device, is_pending;
static bool is_prompt; /* The device answered last time. If not, ask the processor first, to avoid the wait. */
static const char *device_words; /* the command line's words for the device */
static uint64_t patience_ticks;
static _Alignas(16) uint8_t drawn[MOST];

static bool begin_device(void)
{
	uint64_t agreed;

	is_pending = false;
	if (!virtio_find(&device, VIRTIO_ENTROPY, device_words) || !virtio_begin(&device, 0, &agreed) ||
	    !virtio_queue_start(&queue, &device, 0))
		return false;
	virtio_ready(&device);
	return true;
}

/*
 * An answer that arrives too late for one caller is not kept for the next: a snapshot may have been taken in between,
 * and a copy of the guest would use the same bytes. The device is asked again.
 */
static bool draw_from_device(uint8_t *bytes, size_t length)
{
	uint64_t start = machine_counter();
	uint32_t written = 0;
	uint16_t slot;

	if (!is_pending || virtio_take(&queue, &slot, &written)) {
		virtio_give(&queue, 0, drawn, MOST, true);
		virtio_kick(&queue);
		is_pending = true;
	}
	while (machine_counter() - start < patience_ticks) {
		if (virtio_take(&queue, &slot, &written)) {
			is_pending = false;
			if (written < length)
				return false;
			memcpy(bytes, drawn, length);
			memset(drawn, 0, sizeof drawn);
			return true;
		}
		machine_relax();
	}
	return false;
}

bool entropy_take(uint8_t *bytes, size_t length)
{
	if (length > MOST)
		return false;
	if (has_device && !virtio_is_alive(&device))
		has_device = begin_device();
	if (!is_prompt && ffntp_processor_random(bytes, length))
		return true;
	is_prompt = has_device && draw_from_device(bytes, length);
	return is_prompt || ffntp_processor_random(bytes, length);
}

const char *entropy_begin(const char *command_line, uint64_t counter_hz)
{
	uint8_t bytes[MOST];

	patience_ticks = counter_hz / 2;
	device_words = command_line;
	has_device = begin_device();
	is_prompt = has_device && draw_from_device(bytes, sizeof bytes);
	if (is_prompt)
		return "virtio-rng";
	return ffntp_processor_random(bytes, sizeof bytes) ? PROCESSOR_RANDOM : NULL;
}
