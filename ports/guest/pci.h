/* pci: devices on the first buses, by configuration ports (x86). Addresses are as the firmware assigned them. */
#ifndef GUEST_PCI_H
#define GUEST_PCI_H

#include <stdbool.h>
#include <stdint.h>

struct pci_device {
	uint8_t bus, slot;
};

/* Whether this machine has PCI at all. */
bool pci_is_here(void);

/* Calls back for each device until one says true; false if none did. */
bool pci_find(struct pci_device *device, bool (*is_it)(struct pci_device device, void *context), void *context);

uint32_t pci_read(struct pci_device device, unsigned offset);
void pci_write(struct pci_device device, unsigned offset, uint32_t value);

/* Where base address register 0 to 5 points; 0 if to nothing that we can reach: ports, or 4 GiB and above. */
uint64_t pci_base(struct pci_device device, unsigned bar);

/* Lets the device answer at its addresses and read and write memory. */
void pci_enable(struct pci_device device);

#endif
