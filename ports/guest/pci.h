/* pci: devices, by configuration ports (x86). The firmware has numbered the buses and placed what was there. */
#ifndef GUEST_PCI_H
#define GUEST_PCI_H

#include <stdbool.h>
#include <stdint.h>

struct pci_device {
	uint8_t bus, slot, function;
};

/* Whether this machine has PCI at all. */
bool pci_is_here(void);

/* Calls back for each device, those behind bridges too, until one says true; false if none did. */
bool pci_find(struct pci_device *device, bool (*is_it)(struct pci_device device, void *context), void *context);

uint32_t pci_read(struct pci_device device, unsigned offset);
void pci_write(struct pci_device device, unsigned offset, uint32_t value);

bool pci_is_there(struct pci_device device);

/* Whether it leads to another bus, and to which. */
bool pci_is_bridge(struct pci_device device);
uint8_t pci_bus_behind(struct pci_device bridge);

/*
 * Where in the configuration a capability is: the first with this id after the one there, or of all, after 0. 0: there
 * is none. No device has more than PCI_CAPABILITIES_MOST, and one that lies may have them in a circle.
 */
#define PCI_CAPABILITIES_MOST 48
unsigned pci_capability(struct pci_device device, uint8_t id, unsigned after);

struct pci_region {
	uint32_t address, size;
	bool is_64; /* takes the next register, too */
};

/*
 * What base address register 0 to 5 stands for: memory below 4 GiB, of a size other than 0; nothing else is reached.
 * address: 0 if it was not placed yet.
 */
bool pci_region(struct pci_device device, unsigned bar, struct pci_region *region);

/* Places it: to be called before pci_enable. */
void pci_place(struct pci_device device, unsigned bar, struct pci_region region);

/* Whether the device answers at its addresses. */
bool pci_is_enabled(struct pci_device device);

/* Lets the device answer at its addresses and read and write memory. */
void pci_enable(struct pci_device device);

#endif
