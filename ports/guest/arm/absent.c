/* absent: what this machine does not have: PCI, whose devices -M virt has in memory as well, and Xen. */
#include "../card.h"
#include "../pci.h"

bool pci_is_here(void)
{
	return false;
}

bool pci_find(struct pci_device *device, bool (*is_it)(struct pci_device device, void *context), void *context)
{
	(void)device;
	(void)is_it;
	(void)context;
	return false;
}

uint32_t pci_read(struct pci_device device, unsigned offset)
{
	(void)device;
	(void)offset;
	return UINT32_MAX;
}

void pci_write(struct pci_device device, unsigned offset, uint32_t value)
{
	(void)device;
	(void)offset;
	(void)value;
}

uint64_t pci_base(struct pci_device device, unsigned bar)
{
	(void)device;
	(void)bar;
	return 0;
}

void pci_enable(struct pci_device device)
{
	(void)device;
}

const char *netfront_begin(struct card *card)
{
	(void)card;
	return "there is no Xen here";
}
