/* pci: see pci.h. Values that a device reports are not trusted. */
#include "pci.h"

#define BUSES 256
#define SLOTS 32
#define FUNCTIONS 8

enum { IDENTITY = 0x00, COMMAND = 0x04, HEADER = 0x0c, BARS = 0x10, BRIDGE_BUSES = 0x18, CAPABILITIES = 0x34 };

#define COMMAND_MEMORY 2u
#define COMMAND_ENABLED 0x406u /* memory access and bus mastering on, interrupts off */
#define COMMAND_BITS 0xffffu   /* the upper half is the status register, whose bits are cleared by writing ones */

#define BAR_IS_PORTS 1u
#define BAR_TYPE 6u
#define BAR_TYPE_64 4u
#define BAR_ADDRESS 0xfffffff0u
#define BARS_COUNT 6
#define BARS_COUNT_BRIDGE 2

bool pci_is_there(struct pci_device device)
{
	return (pci_read(device, IDENTITY) & 0xffff) != 0xffff;
}

static uint32_t header_type(struct pci_device device)
{
	return pci_read(device, HEADER) >> 16 & 0xff;
}

static bool has_functions(struct pci_device device)
{
	return pci_is_there(device) && (header_type(device) & 0x80) != 0;
}

bool pci_is_bridge(struct pci_device device)
{
	return (header_type(device) & 0x7f) == 1;
}

uint8_t pci_bus_behind(struct pci_device bridge)
{
	return (uint8_t)(pci_read(bridge, BRIDGE_BUSES) >> 8);
}

/* Set of known buses, one bit each. */
struct buses {
	uint32_t known[BUSES / 32];
};

static void learn_bus(struct buses *buses, uint8_t bus)
{
	buses->known[bus / 32] |= UINT32_C(1) << bus % 32;
}

/* The bus behind a bridge has a higher number, so that a search in ascending order sees each bus once. */
static bool find_in_slot(struct pci_device *device, struct buses *buses,
			 bool (*is_it)(struct pci_device device, void *context), void *context)
{
	for (device->function = 0; device->function < FUNCTIONS; device->function++) {
		if (pci_is_there(*device)) {
			if (is_it(*device, context))
				return true;
			if (pci_is_bridge(*device))
				learn_bus(buses, pci_bus_behind(*device));
		}
		if (device->function == 0 && !has_functions(*device))
			break;
	}
	return false;
}

bool pci_find(struct pci_device *device, bool (*is_it)(struct pci_device device, void *context), void *context)
{
	struct buses buses = { { 1 } };

	for (unsigned place = 0; place < BUSES * SLOTS; place++) {
		*device = (struct pci_device){ .bus = (uint8_t)(place / SLOTS), .slot = (uint8_t)(place % SLOTS) };
		if ((buses.known[device->bus / 32] >> device->bus % 32 & 1) != 0 &&
		    find_in_slot(device, &buses, is_it, context))
			return true;
	}
	return false;
}

unsigned pci_capability(struct pci_device device, uint8_t id, unsigned after)
{
	unsigned next = after == 0 ? pci_read(device, CAPABILITIES) & 0xfc : pci_read(device, after) >> 8 & 0xfc;

	for (unsigned count = 0; next != 0 && count < PCI_CAPABILITIES_MOST; count++) {
		if ((pci_read(device, next) & 0xff) == id)
			return next;
		next = pci_read(device, next) >> 8 & 0xfc;
	}
	return 0;
}

static unsigned bar_offset(unsigned bar)
{
	return BARS + 4 * bar;
}

/* Return the bits of the register that can be set. The device does not respond to its addresses meanwhile. */
static uint32_t settable_bits(struct pci_device device, unsigned offset)
{
	uint32_t command = pci_read(device, COMMAND) & COMMAND_BITS, was = pci_read(device, offset), bits;

	pci_write(device, COMMAND, command & ~COMMAND_MEMORY);
	pci_write(device, offset, UINT32_MAX);
	bits = pci_read(device, offset);
	pci_write(device, offset, was);
	pci_write(device, COMMAND, command);
	return bits;
}

bool pci_region(struct pci_device device, unsigned bar, struct pci_region *region)
{
	unsigned count = pci_is_bridge(device) ? BARS_COUNT_BRIDGE : BARS_COUNT;
	uint32_t low;

	if (bar >= count)
		return false;
	low = pci_read(device, bar_offset(bar));
	region->is_64 = (low & BAR_TYPE) == BAR_TYPE_64;
	if ((low & BAR_IS_PORTS) != 0 || (region->is_64 && bar + 1 >= count))
		return false;
	region->address = low & BAR_ADDRESS;
	/* The lowest bit that can be set is the size. */
	region->size = settable_bits(device, bar_offset(bar)) & BAR_ADDRESS;
	region->size &= ~region->size + 1;
	return region->size != 0 && !(region->is_64 && pci_read(device, bar_offset(bar + 1)) != 0) &&
	       region->address <= UINT32_MAX - (region->size - 1);
}

void pci_place(struct pci_device device, unsigned bar, struct pci_region region)
{
	pci_write(device, bar_offset(bar), region.address);
	if (region.is_64)
		pci_write(device, bar_offset(bar + 1), 0);
}

bool pci_is_enabled(struct pci_device device)
{
	return (pci_read(device, COMMAND) & COMMAND_MEMORY) != 0;
}

void pci_enable(struct pci_device device)
{
	pci_write(device, COMMAND, (pci_read(device, COMMAND) & COMMAND_BITS) | COMMAND_ENABLED);
}
