/*
 * pcislot: slots of PCI Express ports, whose device may be removed and inserted while the machine runs. No function
 * here waits for an interrupt: the user of a device in a slot polls it.
 */
#ifndef GUEST_PCISLOT_H
#define GUEST_PCISLOT_H

#include "pci.h"

struct pcislot {
	struct pci_device port;
	unsigned offset; /* offset of the slot's registers; 0: the device is in no slot */
};

/* Turn on all inserted devices and assign their addresses. */
void pcislot_admit(void);

/* Return the slot that the device is in. */
struct pcislot pcislot_of(struct pci_device device);

/* Return whether the slot's button was pressed since the last call, which requests the device's removal. */
bool pcislot_is_asked_for(struct pcislot slot);

/* Turn the slot off, so that its device can be removed. */
void pcislot_let_go(struct pcislot slot);

#endif
