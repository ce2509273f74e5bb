/*
 * pci: PCI devices, found through the configuration ports (x86). The firmware has numbered the buses and assigned
 * addresses to the devices present at its start.
 */
#ifndef GUEST_PCI_H
#define GUEST_PCI_H

#include <stdbool.h>
#include <stdint.h>

struct pci_device {
	uint8_t bus, slot, function;
};

/* Return whether this machine has PCI. */
bool pci_is_here(void);

/* Call is_it for each device, those behind bridges included, until it returns true. Returns false if it never did. */
bool pci_find(struct pci_device *device, bool (*is_it)(struct pci_device device, void *context), void *context);

uint32_t pci_read(struct pci_device device, unsigned offset);
void pci_write(struct pci_device device, unsigned offset, uint32_t value);

bool pci_is_there(struct pci_device device);

/* Return whether the device is a bridge; return the bus behind a bridge. */
bool pci_is_bridge(struct pci_device device);
uint8_t pci_bus_behind(struct pci_device bridge);

/*
 * Return the offset in the configuration of the first capability with this id after the capability at 'after', or of
 * the first of all if that is 0; 0 if there is none. No device has more than PCI_CAPABILITIES_MOST; a faulty one may
 * link its capabilities in a circle.
 */
#define PCI_CAPABILITIES_MOST 48
unsigned pci_capability(struct pci_device device, uint8_t id, unsigned after);

struct pci_region {
	uint32_t address, size;
	bool is_64; /* a 64-bit register, which occupies the next one too */
};

/*
 * Read base address register 0 to 5. Returns false unless it is memory below 4 GiB with a size other than 0; other
 * regions are not supported. address: 0 if none was assigned yet.
 */
bool pci_region(struct pci_device device, unsigned bar, struct pci_region *region);

/* Assign the region's address; call it before pci_enable. */
void pci_place(struct pci_device device, unsigned bar, struct pci_region region);

/* Return whether the device responds to its addresses. */
bool pci_is_enabled(struct pci_device device);

/* Let the device respond to its addresses, and read and write memory. */
void pci_enable(struct pci_device device);

#endif
