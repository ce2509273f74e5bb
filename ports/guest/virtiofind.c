/* virtiofind: see virtiofind.h. */
#include "virtiofind.h"

#include "machine.h"
#include "pci.h"
#include "virtiommio.h"
#include "virtiopci.h"

bool virtio_find(struct virtio_device *device, uint32_t kind, const char *command_line)
{
	*device = (struct virtio_device){ .kind = kind };
	if (virtiommio_find(device, command_line))
		return true;
	if (pci_is_here())
		return virtiopci_find(device);
	return virtiommio_scan(device, MACHINE_MMIO_FIRST, MACHINE_MMIO_COUNT);
}
