/* pcislot: see pcislot.h. */
#include "pcislot.h"

#include <stddef.h>

#define EXPRESS 0x10 /* the capability's id */
enum { EXPRESS_FLAGS = 0x00, SLOT_CAPABILITIES = 0x14, SLOT = 0x18 };
#define FLAGS_HAS_SLOT (UINT32_C(1) << 24)
#define SLOT_CAN_HOT_PLUG (UINT32_C(1) << 6)

/* Control is in the lower half, status in the upper. Event bits of the status are cleared by writing ones. */
#define CONTROL_INDICATORS UINT32_C(0x3c0)
#define CONTROL_ATTENTION_OFF UINT32_C(0x0c0)
#define CONTROL_POWER_LIT UINT32_C(0x100)
#define CONTROL_POWER_DARK UINT32_C(0x300)
#define CONTROL_IS_OFF UINT32_C(0x400)
#define CONTROL_BITS UINT32_C(0xffff)
#define STATUS_BUTTON (UINT32_C(1) << 16)
#define STATUS_EXCHANGED (UINT32_C(1) << 19)
#define STATUS_EVENTS (UINT32_C(0x1f) << 16)
#define STATUS_IS_PRESENT (UINT32_C(1) << 22)

#define BRIDGE_WINDOW 0x20
#define BARS 6

/* Return the port's slot. The result is empty if this is no port, or if its device cannot be removed. */
static struct pcislot slot_of(struct pci_device port)
{
	struct pcislot slot = { port, 0 };
	unsigned express = pci_is_bridge(port) ? pci_capability(port, EXPRESS, 0) : 0;

	if (express != 0 && (pci_read(port, express + EXPRESS_FLAGS) & FLAGS_HAS_SLOT) != 0 &&
	    (pci_read(port, express + SLOT_CAPABILITIES) & SLOT_CAN_HOT_PLUG) != 0)
		slot.offset = express + SLOT;
	return slot;
}

static void control(struct pcislot slot, uint32_t clear, uint32_t set)
{
	uint32_t now = pci_read(slot.port, slot.offset) & CONTROL_BITS;

	pci_write(slot.port, slot.offset, (now & ~clear) | set);
}

/* --- inserted devices --- */

struct window {
	uint64_t next, end;
};

/* Return the addresses that the port forwards. */
static struct window window_of(struct pci_device port)
{
	uint32_t ends = pci_read(port, BRIDGE_WINDOW);

	return (struct window){ (ends & 0xfff0) << 16, (ends & 0xfff00000) + UINT64_C(0x100000) };
}

static void give_addresses(struct pci_device device, struct window window)
{
	struct pci_region region;

	for (unsigned bar = 0; bar < BARS; bar++) {
		if (!pci_region(device, bar, &region))
			continue;
		window.next = (window.next + region.size - 1) & ~(uint64_t)(region.size - 1);
		if (window.next + region.size <= window.end) {
			region.address = (uint32_t)window.next;
			pci_place(device, bar, region);
			window.next += region.size;
		}
		bar += region.is_64;
	}
	pci_enable(device);
}

static bool admit(struct pci_device port, void *unused)
{
	struct pci_device device = { .bus = pci_bus_behind(port) };
	struct pcislot slot = slot_of(port);
	uint32_t now = slot.offset != 0 ? pci_read(port, slot.offset) : 0;

	(void)unused;
	if ((now & STATUS_IS_PRESENT) == 0)
		return false;
	if ((now & CONTROL_IS_OFF) != 0)
		control(slot, CONTROL_INDICATORS | CONTROL_IS_OFF,
			CONTROL_ATTENTION_OFF | CONTROL_POWER_LIT | STATUS_EVENTS);
	if (pci_is_there(device) && !pci_is_bridge(device) && !pci_is_enabled(device))
		give_addresses(device, window_of(port));
	return false;
}

void pcislot_admit(void)
{
	struct pci_device unused;

	pci_find(&unused, admit, NULL);
}

/* --- removing a device --- */

static bool leads_to(struct pci_device port, void *context)
{
	const struct pci_device *device = context;

	return pci_is_bridge(port) && pci_bus_behind(port) == device->bus;
}

struct pcislot pcislot_of(struct pci_device device)
{
	struct pci_device port;

	return pci_find(&port, leads_to, &device) ? slot_of(port) : (struct pcislot){ { 0, 0, 0 }, 0 };
}

bool pcislot_is_asked_for(struct pcislot slot)
{
	uint32_t events = slot.offset != 0 ? pci_read(slot.port, slot.offset) & STATUS_EVENTS : 0;

	if (events != 0)
		control(slot, 0, events);
	/* If a different device was inserted meanwhile, the button was pressed for that one. */
	return (events & STATUS_BUTTON) != 0 && (events & STATUS_EXCHANGED) == 0;
}

void pcislot_let_go(struct pcislot slot)
{
	if (slot.offset != 0)
		control(slot, CONTROL_INDICATORS,
			CONTROL_ATTENTION_OFF | CONTROL_POWER_DARK | CONTROL_IS_OFF | STATUS_EVENTS);
}
