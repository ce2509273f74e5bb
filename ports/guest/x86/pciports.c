/* pciports: PCI configuration access through I/O ports: see pci.h. */
#include "../pci.h"

#include "cpu.h"

#define PCI_ADDRESS 0xcf8
#define PCI_DATA 0xcfc

static void select_register(struct pci_device device, unsigned offset)
{
	out32(PCI_ADDRESS, UINT32_C(1) << 31 | (uint32_t)device.bus << 16 | (uint32_t)device.slot << 11 |
				   (uint32_t)device.function << 8 | (offset & 0xfc));
}

uint32_t pci_read(struct pci_device device, unsigned offset)
{
	select_register(device, offset);
	return in32(PCI_DATA);
}

void pci_write(struct pci_device device, unsigned offset, uint32_t value)
{
	select_register(device, offset);
	out32(PCI_DATA, value);
}

bool pci_is_here(void)
{
	out32(PCI_ADDRESS, UINT32_C(1) << 31);
	return in32(PCI_ADDRESS) == UINT32_C(1) << 31;
}
