/*
 * pcislot: slots of PCI Express ports, whose device may be taken out and put in while the machine runs. Nothing here
 * waits for an interrupt: who has a device in a slot looks at it now and then.
 */
#ifndef GUEST_PCISLOT_H
#define GUEST_PCISLOT_H

#include "pci.h"

struct pcislot {
	struct pci_device port;
	unsigned offset; /* of its registers; 0: a device that is in no slot */
};

/* Turns on every device that was put into a slot, and gives it addresses. */
void pcislot_admit(void);

/* The slot that the device is in. */
struct pcislot pcislot_of(struct pci_device device);

/* Whether somebody has asked, since the last time, for the device in the slot: its button was pressed. */
bool pcislot_is_asked_for(struct pcislot slot);

/* Turns the slot off, so that its device can be taken out. */
void pcislot_let_go(struct pcislot slot);

#endif
