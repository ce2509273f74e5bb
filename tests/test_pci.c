/* pci: PCI as the guest sees it: a simulated machine whose devices are behind bridges, in slots, gone, or lie. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "assertions.h"
#include "../ports/guest/pci.h"
#include "../ports/guest/pcislot.h"
#include "../ports/guest/virtiopci.h"
#include "prng.h"

#define WORDS 64 /* of a configuration */
#define MOST 8

/* One configuration space: its contents, and the bits that can be set, or cleared by writing ones. */
struct function {
	struct pci_device place;
	uint32_t word[WORDS], settable[WORDS], clearable[WORDS];
	struct function *behind; /* the device in a slot; it is there while the slot is on */
	bool is_there;
};

static struct function machine[MOST];
static unsigned count, reads;

static struct function *at(struct pci_device place)
{
	for (unsigned i = 0; i < count; i++)
		if (machine[i].is_there && machine[i].place.bus == place.bus && machine[i].place.slot == place.slot &&
		    machine[i].place.function == place.function)
			return &machine[i];
	return NULL;
}

#define SLOT 0x58 /* the offset of a port's slot registers */
#define SLOT_IS_OFF 0x400u
#define SLOT_IS_OCCUPIED 0x400000u
#define SLOT_LIGHTS 0x3c0u
#define BUTTON 0x10000u
#define EXCHANGED 0x80000u

static void work_slot(struct function *port)
{
	bool is_on = (port->word[SLOT / 4] & SLOT_IS_OFF) == 0;

	if (port->behind != NULL)
		port->behind->is_there = is_on && (port->word[SLOT / 4] & SLOT_IS_OCCUPIED) != 0;
}

uint32_t pci_read(struct pci_device device, unsigned offset)
{
	struct function *function = at(device);

	reads++;
	return function != NULL ? function->word[offset / 4 % WORDS] : UINT32_MAX;
}

void pci_write(struct pci_device device, unsigned offset, uint32_t value)
{
	struct function *function = at(device);
	uint32_t *word;

	if (function == NULL)
		return;
	offset = offset / 4 % WORDS;
	word = &function->word[offset];
	*word &= ~(value & function->clearable[offset]);
	*word = (*word & ~function->settable[offset]) | (value & function->settable[offset]);
	work_slot(function);
}

bool pci_is_here(void)
{
	return true;
}

/* --- making one --- */

static struct function *add(uint8_t bus, uint8_t slot, uint32_t identity)
{
	struct function *function = &machine[count++];

	assert_at_most(count, MOST, "");
	*function = (struct function){ .place = { bus, slot, 0 }, .is_there = true };
	function->word[0] = identity;
	function->settable[1] = 0x407;
	return function;
}

static void give_memory(struct function *function, unsigned bar, uint32_t size, uint32_t kind)
{
	function->word[4 + bar] = kind;
	function->settable[4 + bar] = ~(size - 1);
	if ((kind & 4) != 0)
		function->settable[5 + bar] = UINT32_MAX;
}

static struct function *add_bridge(uint8_t bus, uint8_t slot, uint8_t behind)
{
	struct function *bridge = add(bus, slot, 0x000c1b36);

	bridge->word[3] = 0x010000;
	bridge->word[6] = (uint32_t)behind << 16 | (uint32_t)behind << 8 | bus;
	bridge->word[8] = 0xfe50fe40; /* 0xfe400000 to 0xfe5fffff */
	return bridge;
}

/* Make a port with a slot that is off, and its device. */
static struct function *add_port(uint8_t slot, uint8_t behind, struct function *device)
{
	struct function *port = add_bridge(0, slot, behind);

	port->word[0x34 / 4] = 0x40;
	port->word[0x40 / 4] = 0x01420010; /* PCI Express, with a slot */
	port->word[(SLOT - 4) / 4] = 0x40; /* for hot plug */
	port->word[SLOT / 4] = SLOT_IS_OFF | SLOT_IS_OCCUPIED | 0x300;
	port->settable[SLOT / 4] = 0x7ff;
	port->clearable[SLOT / 4] = 0x1f0000;
	port->behind = device;
	work_slot(port);
	return port;
}

static void add_capability(struct function *device, unsigned where, unsigned next, uint32_t kind, const uint32_t *rest)
{
	device->word[where / 4] = kind << 24 | 20u << 16 | next << 8 | 9;
	memcpy(&device->word[where / 4 + 1], rest, 16);
}

/* Make a virtio-net whose registers are in 16 KiB behind register 4, as QEMU does. */
static struct function *add_card(uint8_t bus, uint8_t slot)
{
	struct function *card = add(bus, slot, 0x10411af4);

	give_memory(card, 1, 0x1000, 0);
	give_memory(card, 4, 0x4000, 0xc);
	card->word[0x34 / 4] = 0x98;
	add_capability(card, 0x98, 0x84, 1, (uint32_t[]){ 4, 0x0000, 0x1000, 0 });
	add_capability(card, 0x84, 0x70, 4, (uint32_t[]){ 4, 0x2000, 0x1000, 0 });
	add_capability(card, 0x70, 0x00, 2, (uint32_t[]){ 4, 0x3000, 0x1000, 4 });
	return card;
}

static int begin(void **state)
{
	(void)state;
	memset(machine, 0, sizeof machine);
	count = reads = 0;
	(void)add(0, 0, 0x29c08086);
	return 0;
}

/* --- finding --- */

static bool is_identity(struct pci_device device, void *context)
{
	return pci_read(device, 0) == *(const uint32_t *)context;
}

static bool is_found(uint32_t identity, struct pci_device *device)
{
	return pci_find(device, is_identity, &identity);
}

static void test_devices_behind_bridges_are_found(void **state)
{
	struct pci_device found;

	(void)state;
	(void)add_bridge(0, 3, 20);
	(void)add_bridge(20, 1, 200);
	(void)add(200, 5, 0x12345678);
	assert_true(is_found(0x12345678, &found));
	assert_int_equal(found.bus, 200);
	assert_int_equal(found.slot, 5);
	assert_false(is_found(0x12345679, &found));
}

static void test_further_functions_of_a_device_are_found(void **state)
{
	struct function *port;
	struct pci_device found;

	(void)state;
	add(0, 2, 0x11111111)->word[3] = 0x800000;
	port = add_bridge(0, 2, 4);
	port->place.function = 3;
	(void)add(4, 0, 0x12345678);
	assert_true(is_found(0x12345678, &found));
	assert_int_equal(found.bus, 4);
}

static bool is_none(struct pci_device device, void *context)
{
	(void)device;
	++*(unsigned *)context;
	return false;
}

static void test_bridges_in_a_circle_are_no_endless_search(void **state)
{
	struct pci_device found;
	unsigned seen = 0;

	(void)state;
	(void)add_bridge(0, 3, 0);
	(void)add_bridge(0, 4, 7);
	(void)add_bridge(7, 0, 7);
	(void)add_bridge(7, 1, 2);
	assert_false(pci_find(&found, is_none, &seen));
	assert_int_equal(seen, 5);
}

static void test_capabilities_in_a_circle_are_no_endless_search(void **state)
{
	struct function *device = add(0, 1, 0x12345678);

	(void)state;
	device->word[0x34 / 4] = 0x40;
	device->word[0x40 / 4] = 0x5005;
	device->word[0x50 / 4] = 0x4006;
	assert_int_equal(pci_capability(device->place, 6, 0), 0x50);
	reads = 0;
	assert_int_equal(pci_capability(device->place, 9, 0), 0);
	assert_below(reads, 200, "");
	device->is_there = false;
	assert_int_equal(pci_capability(device->place, 9, 0), 0);
	assert_below(reads, 400, "");
}

/* --- memory --- */

static void test_what_a_register_stands_for(void **state)
{
	struct function *device = add(0, 1, 0x12345678);
	struct pci_region region;

	(void)state;
	give_memory(device, 0, 0x1000, 0);
	give_memory(device, 1, 0x20, 1);
	give_memory(device, 2, 0x4000, 0xc);
	give_memory(device, 5, 0x1000, 0);
	device->word[4] = 0xfe601000;
	device->word[6] |= 0xfea00000;
	device->word[1] = 0x100007;
	assert_true(pci_region(device->place, 0, &region));
	assert_int_equal(region.address, 0xfe601000);
	assert_int_equal(region.size, 0x1000);
	assert_false(region.is_64);
	assert_false(pci_region(device->place, 1, &region));
	assert_true(pci_region(device->place, 2, &region));
	assert_int_equal(region.address, 0xfea00000);
	assert_int_equal(region.size, 0x4000);
	assert_true(region.is_64);
	assert_false(pci_region(device->place, 4, &region));
	assert_false(pci_region(device->place, 6, &region));
	assert_int_equal(device->word[4], 0xfe601000);
	assert_int_equal(device->word[1], 0x100007);
	device->word[7] = 1; /* above 4 GiB */
	assert_false(pci_region(device->place, 2, &region));
	device->word[9] = 4; /* 64 bits, of which half are missing */
	assert_false(pci_region(device->place, 5, &region));
}

/* --- slots --- */

static void test_a_device_that_was_put_in_is_admitted(void **state)
{
	struct function *card = add_card(5, 0), *port = add_port(1, 5, card);
	struct virtio_device device = { .kind = VIRTIO_NETWORK };

	(void)state;
	port->word[SLOT / 4] |= BUTTON | EXCHANGED;
	assert_true(virtiopci_find(&device));
	assert_int_equal(port->word[SLOT / 4], SLOT_IS_OCCUPIED | 0x1c0);
	assert_int_equal(card->word[5], 0xfe400000);
	assert_int_equal(card->word[8], 0xfe404000 | 0xc);
	assert_int_equal(card->word[9], 0);
	assert_int_equal(card->word[1] & 6, 6);
	assert_int_equal(device.registers, 0xfe404000);
	assert_int_equal(device.config, 0xfe406000);
	assert_int_equal(device.notify, 0xfe407000);
	assert_false(pcislot_is_asked_for(device.slot));
}

static void test_what_the_firmware_placed_stays_there(void **state)
{
	struct function *card = add_card(5, 0), *port = add_port(1, 5, card);

	(void)state;
	port->word[SLOT / 4] = SLOT_IS_OCCUPIED;
	work_slot(port);
	card->word[1] = 6;
	card->word[8] = 0xfe41000c;
	pcislot_admit();
	assert_int_equal(card->word[8], 0xfe41000c);
	assert_int_equal(port->word[SLOT / 4], SLOT_IS_OCCUPIED);
}

static void test_nothing_is_placed_beyond_the_window(void **state)
{
	struct function *card = add_card(5, 0);

	(void)state;
	(void)add_port(1, 5, card);
	give_memory(card, 0, 0x200000, 0);
	pcislot_admit();
	assert_int_equal(card->word[4], 0xfe400000);
	assert_int_equal(card->word[5], 0);
	assert_int_equal(card->word[8], 0xc);
}

static void test_empty_slots_and_other_bridges_are_left_alone(void **state)
{
	struct function *empty = add_port(1, 5, NULL), *fixed = add_port(2, 6, NULL);

	(void)state;
	empty->word[SLOT / 4] &= ~SLOT_IS_OCCUPIED;
	fixed->word[(SLOT - 4) / 4] = 0;
	pcislot_admit();
	assert_int_equal(empty->word[SLOT / 4], SLOT_IS_OFF | 0x300);
	assert_int_equal(fixed->word[SLOT / 4], SLOT_IS_OFF | SLOT_IS_OCCUPIED | 0x300);
	assert_int_equal(pcislot_of((struct pci_device){ 6, 0, 0 }).offset, 0);
	assert_int_equal(pcislot_of((struct pci_device){ 0, 1, 0 }).offset, 0);
	assert_false(pcislot_is_asked_for(pcislot_of((struct pci_device){ 6, 0, 0 })));
	pcislot_let_go(pcislot_of((struct pci_device){ 6, 0, 0 }));
	assert_int_equal(fixed->word[SLOT / 4], SLOT_IS_OFF | SLOT_IS_OCCUPIED | 0x300);
}

static void test_a_button_asks_once(void **state)
{
	struct function *card = add_card(5, 0), *port = add_port(1, 5, card);
	struct pcislot slot = pcislot_of(card->place);

	(void)state;
	pcislot_admit();
	assert_false(pcislot_is_asked_for(slot));
	port->word[SLOT / 4] |= BUTTON;
	assert_true(pcislot_is_asked_for(slot));
	assert_false(pcislot_is_asked_for(slot));
	assert_int_equal(port->word[SLOT / 4], SLOT_IS_OCCUPIED | 0x1c0);
	pcislot_let_go(slot);
	assert_int_equal(port->word[SLOT / 4], SLOT_IS_OCCUPIED | SLOT_IS_OFF | SLOT_LIGHTS);
	assert_false(card->is_there);
}

/* The button is pressed when a device is put in, too. */
static void test_a_button_for_another_device_asks_for_none(void **state)
{
	struct function *card = add_card(5, 0), *port = add_port(1, 5, card);
	struct pcislot slot = pcislot_of(card->place);

	(void)state;
	pcislot_admit();
	port->word[SLOT / 4] |= BUTTON | EXCHANGED;
	assert_false(pcislot_is_asked_for(slot));
	assert_false(pcislot_is_asked_for(slot));
}

/* --- virtio's registers --- */

static struct function *add_placed_card(void)
{
	struct function *card = add_card(0, 4);

	card->word[8] |= 0xfea00000;
	card->word[1] = 6;
	return card;
}

static void check_refused(void)
{
	struct virtio_device device = { .kind = VIRTIO_NETWORK };

	assert_false(virtiopci_find(&device));
}

static void test_registers_are_within_the_device(void **state)
{
	struct function *card = add_placed_card();
	struct virtio_device device = { .kind = VIRTIO_NETWORK };
	static const struct {
		unsigned word;
		uint32_t value;
	} lies[] = {
		{ 0x9c, 6 },
		{ 0x9c, 1 },
		{ 0x9c, 0xff },
		{ 0xa0, 0x3001 },
		{ 0xa0, UINT32_MAX - 0xfff },
		{ 0xa4, UINT32_MAX },
		{ 0xa4, 0x37 },
		{ 0xa4, 0 },
		{ 0x78, 0x3001 },
		{ 0x7c, 1 },
		{ 0x7c, UINT32_MAX },
		{ 0x78, UINT32_MAX },
	};

	(void)state;
	assert_true(virtiopci_find(&device));
	assert_int_equal(device.registers, 0xfea00000);
	assert_int_equal(device.pci.slot, 4);
	for (unsigned i = 0; i < sizeof lies / sizeof *lies; i++) {
		uint32_t was = card->word[lies[i].word / 4];

		card->word[lies[i].word / 4] = lies[i].value;
		check_refused();
		card->word[lies[i].word / 4] = was;
	}
	assert_true(virtiopci_find(&device));
}

/* Its own configuration may be missing: then it reads as a device that is gone. */
static void test_no_configuration_of_its_own(void **state)
{
	struct function *card = add_placed_card();
	struct virtio_device device = { .kind = VIRTIO_NETWORK };

	(void)state;
	card->word[0x8c / 4] = UINT32_MAX;
	assert_true(virtiopci_find(&device));
	assert_int_equal(device.transport->config(&device, 0), UINT8_MAX);
}

static void test_rubbish_in_every_configuration(void **state)
{
	struct prng prng = { 3 };

	(void)state;
	(void)add_port(1, 5, add_card(5, 0));
	(void)add_placed_card();
	for (int i = 0; i < 5000; i++) {
		struct function *function = &machine[prng_below(&prng, count)];
		struct virtio_device device = { .kind = VIRTIO_NETWORK };
		unsigned word = (unsigned)prng_below(&prng, WORDS);
		uint32_t was = function->word[word];

		function->word[word] = prng_below(&prng, 4) > 0 ? (uint32_t)prng_next(&prng) : UINT32_MAX;
		if (virtiopci_find(&device)) {
			assert_true(device.registers >= 0x1000 && device.registers < UINT64_C(1) << 32);
			assert_true(device.notify >= 0x1000 && device.notify + device.notify_length <= UINT64_C(1)
													       << 32);
			assert_at_most(device.config + device.config_length, UINT64_C(1) << 32, "");
			(void)pcislot_is_asked_for(device.slot);
		}
		if (prng_below(&prng, 4) > 0)
			function->word[word] = was;
	}
}

#define TEST(function) cmocka_unit_test_setup(function, begin)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_devices_behind_bridges_are_found),
		TEST(test_further_functions_of_a_device_are_found),
		TEST(test_bridges_in_a_circle_are_no_endless_search),
		TEST(test_capabilities_in_a_circle_are_no_endless_search),
		TEST(test_what_a_register_stands_for),
		TEST(test_a_device_that_was_put_in_is_admitted),
		TEST(test_what_the_firmware_placed_stays_there),
		TEST(test_nothing_is_placed_beyond_the_window),
		TEST(test_empty_slots_and_other_bridges_are_left_alone),
		TEST(test_a_button_asks_once),
		TEST(test_a_button_for_another_device_asks_for_none),
		TEST(test_registers_are_within_the_device),
		TEST(test_no_configuration_of_its_own),
		TEST(test_rubbish_in_every_configuration),
	};

	return cmocka_run_group_tests_name("pci", tests, NULL, NULL);
}
