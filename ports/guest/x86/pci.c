/* pci: see pci.h. */
#include "../pci.h"

#include "cpu.h"

#define PCI_ADDRESS 0xcf8
#define PCI_DATA 0xcfc
#define BUSES 8
#define SLOTS 32

static void select_register(struct pci_device device, unsigned offset)
{
	out32(PCI_ADDRESS,
	      UINT32_C(1) << 31 | (uint32_t)device.bus << 16 | (uint32_t)device.slot << 11 | (offset & 0xfc));
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

bool pci_find(struct pci_device *device, bool (*is_it)(struct pci_device device, void *context), void *context)
{
	for (unsigned place = 0; place < BUSES * SLOTS; place++) {
		*device = (struct pci_device){ (uint8_t)(place / SLOTS), (uint8_t)(place % SLOTS) };
		if ((pci_read(*device, 0) & 0xffff) != 0xffff && is_it(*device, context))
			return true;
	}
	return false;
}

uint64_t pci_base(struct pci_device device, unsigned bar)
{
	uint32_t low = pci_read(device, 0x10 + 4 * bar);
	bool is_port = (low & 1) != 0, is_64 = (low & 6) == 4;

	if (is_port || (is_64 && pci_read(device, 0x14 + 4 * bar) != 0))
		return 0;
	return low & ~UINT32_C(15);
}

void pci_enable(struct pci_device device)
{
	/* Memory space and bus master; no interrupts. */
	pci_write(device, 4, (pci_read(device, 4) & 0xffff) | 0x406);
}
