/* virtio: the virtio network card of the guest, with a device that is honest, gone, or lies. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "assertions.h"
#include "../ports/guest/card.h"
#include "../ports/guest/machine.h"
#include "../ports/guest/virtio.h"
#include "../ports/guest/virtiofind.h"
#include "prng.h"

enum { DRIVER_OK = 4, FEATURES_OK = 8, NEEDS_RESET = 64 };
enum { RECEIVE, TRANSMIT, QUEUES };

/* The device. */
static struct {
	bool is_there;
	bool is_asked_for;
	bool was_running_when_let_go;
	uint8_t register_status, mac;
	uint16_t link;
	uint16_t most; /* elements of a queue */
	unsigned resets, begun, stalls;
	uint64_t counter;
	bool was_sent_when_counted; /* the counter was read after a frame could be seen */
	struct virtio_queue *queue[QUEUES];
	uint16_t taken[QUEUES], handed_back[QUEUES];
} fake;

static struct card card;

static uint16_t waiting(unsigned number);

/* The fake's counter, which notes whether the device could see a frame before this reading. */
uint64_t ffntp_processor_counter(void)
{
	fake.was_sent_when_counted = fake.queue[TRANSMIT] != NULL && waiting(TRANSMIT) > 0;
	return ++fake.counter;
}

/* --- its registers --- */

static uint64_t features(struct virtio_device *device)
{
	(void)device;
	return fake.is_there ? VIRTIO_F_VERSION_1 | 1u << 5 | 1u << 16 : UINT64_MAX;
}

static void accept_features(struct virtio_device *device, uint64_t features)
{
	(void)device;
	(void)features;
}

static uint8_t status(struct virtio_device *device)
{
	(void)device;
	if (fake.stalls > 0 && fake.stalls--)
		return 1;
	return fake.is_there ? fake.register_status : UINT8_MAX;
}

static void set_status(struct virtio_device *device, uint8_t value)
{
	(void)device;
	fake.resets += value == 0;
	fake.register_status = value;
	if (value != 0)
		return;
	memset(fake.taken, 0, sizeof fake.taken);
	memset(fake.handed_back, 0, sizeof fake.handed_back);
}

static bool start_queue(struct virtio_device *device, struct virtio_queue *queue)
{
	(void)device;
	if (fake.most < queue->size)
		queue->size = fake.most;
	fake.queue[queue->number] = queue;
	return true;
}

static void notify(struct virtio_queue *queue)
{
	(void)queue;
}

static uint8_t config(struct virtio_device *device, unsigned offset)
{
	(void)device;
	return offset < 6 ? (uint8_t)(fake.mac + offset) : (uint8_t)fake.link;
}

static bool is_asked_for(struct virtio_device *device)
{
	bool is_asked = fake.is_asked_for;

	(void)device;
	fake.is_asked_for = false;
	return is_asked;
}

static void let_go(struct virtio_device *device)
{
	(void)device;
	fake.was_running_when_let_go = fake.register_status != 0;
	fake.is_there = false;
}

static const struct virtio_transport transport = {
	features, accept_features, status, set_status, start_queue, notify, config, is_asked_for, let_go,
};

bool virtio_find(struct virtio_device *device, uint32_t kind, const char *command_line)
{
	assert_int_equal(kind, VIRTIO_NETWORK);
	assert_string_equal(command_line, "words");
	*device = (struct virtio_device){ .kind = kind, .transport = &transport };
	fake.begun += fake.is_there;
	return fake.is_there;
}

/* --- its queues --- */

static struct virtio_rings *rings(unsigned number)
{
	return &fake.queue[number]->rings;
}

static uint16_t waiting(unsigned number)
{
	return (uint16_t)(rings(number)->available.index - fake.taken[number]);
}

static void hand_back(unsigned number, uint32_t id, uint32_t length)
{
	uint16_t place = fake.handed_back[number]++ % fake.queue[number]->size;

	rings(number)->used.ring[place].id = id;
	rings(number)->used.ring[place].length = length;
	rings(number)->used.index = fake.handed_back[number];
}

static uint16_t next_available(unsigned number)
{
	assert_int_not_equal(waiting(number), 0);
	return rings(number)->available.ring[fake.taken[number]++ % fake.queue[number]->size];
}

static void deliver(const void *frame, size_t length)
{
	uint16_t id = next_available(RECEIVE);
	struct virtio_descriptor *descriptor = &rings(RECEIVE)->descriptor[id];

	assert_int_equal(descriptor->flags, 2);
	assert_at_least(descriptor->length, 12 + length, "");
	memset((void *)(uintptr_t)descriptor->address, 0, 12);
	memcpy((uint8_t *)(uintptr_t)descriptor->address + 12, frame, length);
	hand_back(RECEIVE, id, (uint32_t)(12 + length));
}

/* Check that this frame was sent, and hand it back. */
static void check_sent(const char *text)
{
	uint16_t id = next_available(TRANSMIT);
	struct virtio_descriptor *descriptor = &rings(TRANSMIT)->descriptor[id];

	assert_int_equal(descriptor->flags, 0);
	assert_int_equal(descriptor->length, 12 + strlen(text));
	assert_memory_equal((char *)(uintptr_t)descriptor->address + 12, text, strlen(text));
	hand_back(TRANSMIT, id, 0);
}

static int begin(void **state)
{
	(void)state;
	memset(&fake, 0, sizeof fake);
	fake.is_there = true;
	fake.mac = 0x50;
	fake.link = 1;
	fake.most = VIRTIO_QUEUE_SIZE;
	return virtionet_begin(&card, "words") == NULL ? 0 : -1;
}

static unsigned frames(void)
{
	static uint8_t frame[CARD_FRAME];
	uint64_t arrived;
	unsigned count = 0;
	size_t length;

	while (count < 1000 && card.receive(frame, &length, &arrived)) {
		assert_at_most(length, CARD_FRAME, "");
		count++;
	}
	return count;
}

static bool send(const char *text)
{
	uint64_t sent;

	return card.transmit(text, strlen(text), &sent);
}

/* --- honest --- */

static void test_frames_go_both_ways(void **state)
{
	static uint8_t frame[CARD_FRAME];
	uint64_t arrived, before = machine_counter();
	size_t length;

	(void)state;
	assert_int_equal(card.mac[5], 0x55);
	assert_int_equal(waiting(RECEIVE), VIRTIO_QUEUE_SIZE);
	for (int i = 0; i < 100; i++) {
		deliver("tick", 5);
		assert_true(card.receive(frame, &length, &arrived));
		assert_int_equal(length, 5);
		assert_string_equal((const char *)frame, "tick");
		assert_above(arrived, before, "");
		assert_true(send("tock"));
		check_sent("tock");
	}
	assert_false(card.receive(frame, &length, &arrived));
	assert_int_equal(card.look(&card), CARD_LINK);
	fake.link = 0;
	assert_int_equal(card.look(&card), CARD_NO_LINK);
	assert_int_equal(fake.begun, 1);
}

/* A device that is already at work needs no notification: it may have sent the frame before we can read the counter. */
static void test_a_frame_is_stamped_before_the_device_can_see_it(void **state)
{
	uint64_t sent = 0, before = machine_counter();

	(void)state;
	assert_true(card.transmit("tock", 4, &sent));
	assert_int_equal(waiting(TRANSMIT), 1);
	assert_false(fake.was_sent_when_counted);
	assert_int_equal(sent, before + 1);
	assert_int_equal(fake.counter, sent);
}

static void test_no_more_is_sent_than_there_is_room(void **state)
{
	static const uint8_t large[CARD_FRAME + 1];
	uint64_t sent;

	(void)state;
	assert_false(card.transmit(large, sizeof large, &sent));
	for (int i = 0; i < VIRTIO_QUEUE_SIZE; i++)
		assert_true(send("frame"));
	assert_false(send("frame"));
	check_sent("frame");
	assert_true(send("frame"));
	assert_false(send("frame"));
}

/* Buffers that the device holds are not written to, in whatever order it hands others back. */
static void test_a_frame_that_is_being_sent_is_left_alone(void **state)
{
	uint16_t first, second;

	(void)state;
	assert_true(send("first"));
	assert_true(send("second"));
	first = next_available(TRANSMIT);
	second = next_available(TRANSMIT);
	hand_back(TRANSMIT, second, 0);
	for (int i = 0; i < VIRTIO_QUEUE_SIZE - 1; i++)
		assert_true(send("later"));
	assert_false(send("later"));
	assert_memory_equal((char *)(uintptr_t)rings(TRANSMIT)->descriptor[first].address + 12, "first", 5);
}

static void test_a_small_queue(void **state)
{
	(void)state;
	fake.register_status = NEEDS_RESET;
	fake.most = 2;
	assert_int_equal(card.look(&card), CARD_GONE);
	assert_int_equal(card.look(&card), CARD_LINK);
	assert_int_equal(waiting(RECEIVE), 2);
	for (int i = 0; i < 10; i++) {
		deliver("tick", 5);
		assert_int_equal(frames(), 1);
		assert_true(send("tock"));
		check_sent("tock");
	}
}

/* --- gone, and there again --- */

static void check_gone(void)
{
	assert_int_equal(card.look(&card), CARD_GONE);
	assert_false(send("frame"));
	assert_int_equal(frames(), 0);
}

static void check_there_again(void)
{
	unsigned begun = fake.begun;

	fake.is_there = true;
	fake.mac = 0x60;
	assert_int_equal(card.look(&card), CARD_LINK);
	assert_int_equal(fake.begun, begun + 1);
	assert_int_equal(card.mac[0], 0x60);
	assert_int_equal(waiting(RECEIVE), VIRTIO_QUEUE_SIZE);
	assert_int_equal(frames(), 0);
	deliver("tick", 5);
	assert_int_equal(frames(), 1);
	assert_true(send("tock"));
	check_sent("tock");
}

static void test_a_card_that_is_asked_for_is_given_back(void **state)
{
	(void)state;
	deliver("tick", 5);
	assert_int_equal(frames(), 1);
	fake.is_asked_for = true;
	check_gone();
	assert_false(fake.is_there);
	assert_false(fake.was_running_when_let_go);
	check_gone();
	check_there_again();
}

static void test_a_card_that_is_torn_out(void **state)
{
	(void)state;
	assert_true(send("frame"));
	fake.is_there = false;
	check_gone();
	check_gone();
	check_there_again();
}

static void test_a_card_that_wants_a_reset(void **state)
{
	unsigned resets = fake.resets;

	(void)state;
	deliver("never seen", 11);
	fake.register_status |= NEEDS_RESET;
	check_gone();
	check_there_again();
	assert_above(fake.resets, resets, "");
}

/* The driver does not wait forever for a device whose registers are all ones, or that is slow. */
static void test_a_card_that_does_not_start(void **state)
{
	(void)state;
	fake.register_status = 0;
	check_gone();
	fake.stalls = 1000000;
	check_gone();
	assert_above(fake.stalls, 0, "");
	fake.stalls = 0;
	check_there_again();
}

/* --- lies --- */

static void check_caught(void)
{
	unsigned begun = fake.begun;

	(void)frames();
	(void)send("frame");
	assert_int_equal(frames(), 0);
	check_gone();
	check_there_again();
	assert_int_equal(fake.begun, begun + 1);
}

static void test_it_hands_back_what_there_is_not(void **state)
{
	static const uint32_t ids[] = { VIRTIO_QUEUE_SIZE, 32, 0x10000, UINT32_MAX };

	(void)state;
	for (unsigned i = 0; i < sizeof ids / sizeof *ids; i++) {
		hand_back(RECEIVE, ids[i], 60);
		check_caught();
		hand_back(TRANSMIT, ids[i], 60);
		check_caught();
	}
}

static void test_it_hands_back_what_it_does_not_have(void **state)
{
	uint16_t id;

	(void)state;
	hand_back(TRANSMIT, 3, 0);
	check_caught();
	assert_true(send("first"));
	assert_true(send("second"));
	id = next_available(TRANSMIT);
	hand_back(TRANSMIT, id, 0);
	hand_back(TRANSMIT, id, 0);
	check_caught();
}

/* A device that hands back more than it has does not cause an endless flood of one buffer. */
static void test_it_hands_back_more_than_it_has(void **state)
{
	(void)state;
	hand_back(RECEIVE, 3, 60);
	rings(RECEIVE)->used.index = 17;
	check_caught();
	hand_back(RECEIVE, 3, 60);
	assert_int_equal(frames(), 1);
	rings(RECEIVE)->used.index = 0;
	assert_int_equal(frames(), 0);
	check_caught();
}

static void test_it_writes_more_than_there_is_room_for(void **state)
{
	static const uint32_t lengths[] = { 0, 11, 12, 12 + CARD_FRAME + 1, 1u << 16, UINT32_MAX, UINT32_MAX - 11 };
	static uint8_t frame[CARD_FRAME];
	uint64_t arrived;
	size_t length;

	(void)state;
	for (unsigned i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		hand_back(RECEIVE, next_available(RECEIVE), lengths[i]);
		assert_true(card.receive(frame, &length, &arrived));
		assert_int_equal(length, 0);
	}
	hand_back(RECEIVE, next_available(RECEIVE), 12 + CARD_FRAME);
	assert_true(card.receive(frame, &length, &arrived));
	assert_int_equal(length, CARD_FRAME);
	assert_int_equal(card.look(&card), CARD_LINK);
}

/* Write rubbish wherever a device can write; the sanitizers see which of it is read. */
static void scribble(struct prng *prng)
{
	unsigned number = (unsigned)prng_below(prng, QUEUES);
	struct virtio_rings *seen = rings(number);

	for (unsigned i = 0; i < VIRTIO_QUEUE_SIZE; i++) {
		seen->used.ring[i].id = (uint32_t)(prng_below(prng, 4) > 0 ? prng_below(prng, 20) : prng_next(prng));
		seen->used.ring[i].length = (uint32_t)(prng_any_size(prng) >> 32);
	}
	seen->used.index =
		(uint16_t)(prng_below(prng, 2) > 0 ? seen->used.index + prng_below(prng, 20) : prng_next(prng));
	if (prng_below(prng, 8) == 0)
		memset(&seen->available, (int)prng_next(prng), sizeof seen->available);
	if (prng_below(prng, 8) == 0)
		memset(&seen->descriptor, (int)prng_next(prng), sizeof seen->descriptor);
	if (prng_below(prng, 16) == 0)
		fake.register_status = (uint8_t)prng_next(prng);
}

static void test_rubbish_of_every_kind(void **state)
{
	struct prng prng = { 1 };

	(void)state;
	for (int i = 0; i < 100000; i++) {
		scribble(&prng);
		(void)frames();
		(void)send("frame");
		(void)card.look(&card);
	}
	fake.register_status = 0;
	check_gone();
	check_there_again();
}

#define TEST(function) cmocka_unit_test_setup(function, begin)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_frames_go_both_ways),
		TEST(test_a_frame_is_stamped_before_the_device_can_see_it),
		TEST(test_no_more_is_sent_than_there_is_room),
		TEST(test_a_frame_that_is_being_sent_is_left_alone),
		TEST(test_a_small_queue),
		TEST(test_a_card_that_is_asked_for_is_given_back),
		TEST(test_a_card_that_is_torn_out),
		TEST(test_a_card_that_wants_a_reset),
		TEST(test_a_card_that_does_not_start),
		TEST(test_it_hands_back_what_there_is_not),
		TEST(test_it_hands_back_what_it_does_not_have),
		TEST(test_it_hands_back_more_than_it_has),
		TEST(test_it_writes_more_than_there_is_room_for),
		TEST(test_rubbish_of_every_kind),
	};

	return cmocka_run_group_tests_name("virtio", tests, NULL, NULL);
}
