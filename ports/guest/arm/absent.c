/*
 * absent: stubs for what this machine does not have: PCI, because -M virt offers the same devices in memory, and Xen.
 */
#include "../card.h"
#include "../control.h"
#include "../neighbour.h"
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

void share_begin(const struct ffntp_page *page)
{
	(void)page;
}

void share_look(void)
{
}

void peer_begin(uint64_t domain)
{
	(void)domain;
}

enum peer_news peer_look(struct peer *peer)
{
	(void)peer;
	return PEER_NOTHING;
}

void peer_forget(void)
{
}

void control_begin(void)
{
}

bool control_look(void)
{
	return false;
}

uint64_t control_save(void)
{
	return 0;
}
