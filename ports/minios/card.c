/* card: see card.h. The code that runs in the interrupt is compiled without floating-point registers. */
#include "card.h"

#include <mini-os/os.h>
#include <mini-os/netfront.h>
#include <mini-os/xenbus.h>

#include "../lwip/udp.h"
#include "../processor.h"

#define FRAME_SIZE 1514
#define FRAMES 16u /* that may arrive while one is processed; a power of two */

static struct {
	struct netfront_dev *device;
	/* filled in the interrupt, emptied in the thread */
	volatile unsigned came, taken;
	struct {
		uint64_t arrived;
		size_t length;
		uint8_t bytes[FRAME_SIZE];
	} frame[FRAMES];
} self;

static void copy(uint8_t *to, const uint8_t *from, size_t length)
{
	for (size_t i = 0; i < length; i++)
		to[i] = from[i];
}

/* Runs in the interrupt. Frames without room are lost, as on any network. */
static void receive(unsigned char *bytes, int length)
{
	uint64_t arrived = ffntp_processor_counter();
	unsigned slot = self.came % FRAMES;

	if (self.came - self.taken == FRAMES || length <= 0 || length > FRAME_SIZE)
		return;
	self.frame[slot].arrived = arrived;
	self.frame[slot].length = (size_t)length;
	copy(self.frame[slot].bytes, bytes, (size_t)length);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	self.came++;
}

bool ffntp_minios_card_begin(uint8_t mac[6])
{
	/* Without this the backend sends its own host's packets without checksums, and lwIP drops them. */
	char *refusal = xenbus_write(XBT_NIL, "device/vif/0/feature-no-csum-offload", "1");
	char *address = NULL;

	if (refusal != NULL)
		return false;
	self.came = self.taken = 0;
	self.device = init_netfront(NULL, receive, mac, &address);
	return self.device != NULL;
}

void ffntp_minios_card_take(void)
{
	/* Take as many as there are now, so that other work is not delayed however many arrive. */
	for (unsigned came = self.came; self.taken != came;) {
		unsigned slot = self.taken % FRAMES;

		ffntp_lwip_frame(self.frame[slot].bytes, self.frame[slot].length, self.frame[slot].arrived);
		__atomic_signal_fence(__ATOMIC_SEQ_CST);
		self.taken++;
	}
}

bool ffntp_minios_card_transmit(const void *frame, size_t length, uint64_t *sent)
{
	static uint8_t bytes[FRAME_SIZE];

	if (length > FRAME_SIZE)
		return false;
	copy(bytes, frame, length);
	*sent = ffntp_processor_counter();
	netfront_xmit(self.device, bytes, (int)length);
	return true;
}
