/* absent: what this machine does not have: PCI, whose devices -M virt has in memory as well, and Xen. */
#include "../card.h"
#include "../pci.h"

bool pci_is_here(void)
{
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

const char *netfront_begin(struct card *card)
{
	(void)card;
	return "there is no Xen here";
}
